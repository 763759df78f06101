// SPDX-License-Identifier: GPL-3.0-or-later
// What every place of a window must fulfil: names, reach of the keyboard, room. Each check gives what does not (texts and
// contrasts: text_checks.h, contrast_checks.h). GUI thread only.
#pragma once

#include "tests/widgets/common/gui_test.h"

#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QButtonGroup>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSet>
#include <QStackedWidget>
#include <QTabBar>
#include <QTextEdit>
#include <QToolButton>
#include <QStatusBar>
#include <QToolBar>

namespace orrery::ui {

using namespace Qt::StringLiterals;

inline constexpr int kSlack = 2; ///< in height: the style asks for more than its paddings give

/// With the named widgets around it.
inline QString nameOf(const QWidget *widget)
{
    QString name = u"%1 \"%2\""_s.arg(QLatin1String(widget->metaObject()->className()), widget->objectName());
    for (const QWidget *parent = widget->parentWidget(); parent && !parent->isWindow();
         parent = parent->parentWidget())
        if (!parent->objectName().isEmpty() && !parent->objectName().startsWith("qt_"_L1))
            name += u" in \"%1\" (%2 wide)"_s.arg(parent->objectName()).arg(parent->width());
    return name;
}

inline bool isControl(const QWidget *widget)
{
    return qobject_cast<const QAbstractButton *>(widget) || qobject_cast<const QLineEdit *>(widget) ||
           qobject_cast<const QComboBox *>(widget) || qobject_cast<const QAbstractSlider *>(widget) ||
           qobject_cast<const QAbstractSpinBox *>(widget) ||
           qobject_cast<const QAbstractItemView *>(widget) || qobject_cast<const QPlainTextEdit *>(widget) ||
           qobject_cast<const QTextEdit *>(widget);
}

/// Parts that Qt names and reaches through their owners.
inline bool isPartOfControl(const QWidget *widget)
{
    if (widget->objectName().startsWith("qt_"_L1) || qobject_cast<const QScrollBar *>(widget)) return true;
    const QWidget *parent = widget->parentWidget();
    return qobject_cast<const QAbstractSpinBox *>(parent) || qobject_cast<const QComboBox *>(parent) ||
           qobject_cast<const QLineEdit *>(parent) || qobject_cast<const QTabBar *>(parent) ||
           qobject_cast<const QAbstractItemView *>(parent) || qobject_cast<const QDockWidget *>(parent) ||
           parent->inherits("QComboBoxPrivateContainer") || parent->inherits("QToolBar");
}

/// What a walk has looked at, each widget once.
struct WalkCount {
    QSet<const QWidget *> controls, views, reached;
};

inline QStringList unnamedControls(const QWidget &window, WalkCount &count)
{
    QStringList found;
    for (QWidget *widget : window.findChildren<QWidget *>()) {
        if (!isControl(widget) || !widget->isVisible() || isPartOfControl(widget)) continue;
        count.controls.insert(widget);
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
        if (!interface || interface->text(QAccessible::Name).isEmpty()) found << nameOf(widget);
        else if (interface->role() == QAccessible::NoRole || interface->role() == QAccessible::Client)
            found << nameOf(widget) + u" has no role"_s;
    }
    return found;
}

inline QStringList unnamedControls(const QWidget &window)
{
    WalkCount count;
    return unnamedControls(window, count);
}

/// Our own views that hold no widgets (they paint what they show) and say nothing of it to assistive tools.
inline QStringList silentViews(const QWidget &window, WalkCount &count)
{
    QStringList found;
    for (QWidget *widget : window.findChildren<QWidget *>()) {
        const bool isOurs = QLatin1String(widget->metaObject()->className()).startsWith("orrery::"_L1);
        const bool isView = isOurs && !isControl(widget) && !qobject_cast<QLabel *>(widget) && !isPartOfControl(widget) &&
                            !qobject_cast<QScrollArea *>(widget);
        if (!isView || !widget->isVisible() || widget->width() < 8 || widget->height() < 8) continue;
        const bool canFocus = (widget->focusPolicy() & Qt::TabFocus) != 0;
        bool holdsWidgets = false;
        for (const QWidget *part : widget->findChildren<QWidget *>())
            holdsWidgets = holdsWidgets || !part->objectName().startsWith("qt_"_L1);
        if (holdsWidgets) continue; // a panel: each of its parts is looked at
        count.views.insert(widget);
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
        const auto text = [interface](QAccessible::Text kind) { return interface ? interface->text(kind) : QString(); };
        if (text(QAccessible::Name).isEmpty()) found << nameOf(widget) + u" has no name"_s;
        if (text(QAccessible::Description).isEmpty() && text(QAccessible::Value).isEmpty())
            found << nameOf(widget) + u" has no summary"_s;
        const bool hasRole = interface && interface->role() != QAccessible::NoRole && interface->role() != QAccessible::Client;
        if (canFocus && !hasRole) found << nameOf(widget) + u" has no role"_s;
    }
    return found;
}

/// Buttons that no Tab reaches and whose action has neither a key nor an entry in a menu.
inline QStringList keylessButtons(const QWidget &window)
{
    QSet<const QAction *> inMenus;
    for (const QMenu *menu : window.window()->findChildren<QMenu *>())
        for (const QAction *action : menu->actions()) inMenus.insert(action);
    QStringList found;
    for (const QAbstractButton *button : window.findChildren<QAbstractButton *>()) {
        if (!button->isVisible() || (button->focusPolicy() & Qt::TabFocus) || button->objectName().startsWith("qt_"_L1))
            continue;
        if (button->autoExclusive() || button->group()) continue; // the arrows reach those that are not on
        if (button->testAttribute(Qt::WA_TransparentForMouseEvents)) continue; // a sign
        const auto *tool = qobject_cast<const QToolButton *>(button);
        const QAction *action = tool ? tool->defaultAction() : nullptr;
        if (action && (inMenus.contains(action) || !action->shortcut().isEmpty())) continue;
        if (!button->shortcut().isEmpty() || isPartOfControl(button)) continue;
        found << nameOf(button);
    }
    return found;
}

/// By Qt::Key_Tab or Qt::Key_Backtab.
inline QStringList unreachedControls(const QWidget &window, Qt::Key key, WalkCount &count)
{
    QSet<QWidget *> wanted, reached;
    for (QWidget *widget : window.findChildren<QWidget *>())
        if (widget->isVisible() && widget->isEnabled() && (widget->focusPolicy() & Qt::TabFocus) &&
            !widget->focusProxy() && !widget->isWindow())
            wanted.insert(widget);
    if (wanted.isEmpty()) return {};
    (*wanted.begin())->setFocus(Qt::TabFocusReason);
    QWidget *first = QApplication::focusWidget();
    QStringList way;
    for (qsizetype i = 0; i < 2 * wanted.size() + 10; ++i) {
        QWidget *now = QApplication::focusWidget();
        if (!now) return {u"the focus is lost"_s};
        reached.insert(now);
        way << now->objectName();
        QTest::keyClick(now, key, key == Qt::Key_Tab ? Qt::NoModifier : Qt::ShiftModifier);
        if (QApplication::focusWidget() == first) break;
    }
    for (const QWidget *widget : std::as_const(reached)) count.reached.insert(widget);
    QStringList missed;
    for (const QWidget *widget : std::as_const(wanted)) {
        // Of a group of radio buttons one is reached, the others by the arrows.
        const auto *button = qobject_cast<const QAbstractButton *>(widget);
        if (button && button->autoExclusive()) continue;
        if (button && button->group() && button->group()->exclusive()) continue;
        if (!reached.contains(const_cast<QWidget *>(widget)) && widget->isVisible()) missed << nameOf(widget);
    }
    if (!missed.isEmpty()) missed << u"on its way "_s + way.join(u", "_s);
    return missed;
}

inline QStringList unreachedControls(const QWidget &window, Qt::Key key)
{
    WalkCount count;
    return unreachedControls(window, key, count);
}

inline QStringList clippedControls(const QWidget &window, QSize size)
{
    QStringList found;
    if (window.width() > size.width() || window.height() > size.height()) {
        QString needs = u"the window needs %1 x %2"_s.arg(window.width()).arg(window.height());
        QList<QWidget *> parts{child<QStackedWidget>(&window, "pages")};
        for (QDockWidget *dock : window.findChildren<QDockWidget *>()) parts << dock;
        for (QToolBar *bar : window.findChildren<QToolBar *>()) parts << bar;
        for (QStatusBar *bar : window.findChildren<QStatusBar *>()) parts << bar;
        for (const QWidget *part : parts)
            if (part->isVisible())
                needs += u"; %1 %2 x %3"_s.arg(part->objectName())
                             .arg(part->minimumSizeHint().width())
                             .arg(part->minimumSizeHint().height());
        found << needs;
    }
    for (QWidget *widget : window.findChildren<QWidget *>()) {
        const bool hasText = qobject_cast<QAbstractButton *>(widget) || qobject_cast<QComboBox *>(widget);
        if (!hasText || !widget->isVisible() || isPartOfControl(widget)) continue;
        bool isScrolled = false;
        for (QWidget *parent = widget->parentWidget(); parent; parent = parent->parentWidget())
            isScrolled = isScrolled || qobject_cast<QAbstractScrollArea *>(parent);
        const QSize needed = widget->minimumSizeHint();
        if (widget->width() < needed.width() - 1 || widget->height() < needed.height() - kSlack)
            found << nameOf(widget) + u" is %1 x %2, needs %3 x %4"_s.arg(widget->width())
                                          .arg(widget->height())
                                          .arg(needed.width())
                                          .arg(needed.height());
        const QRect place(widget->mapTo(&window, QPoint()), widget->size());
        if (!isScrolled && widget->window() == &window && !window.rect().contains(place))
            found << nameOf(widget) + u" stands outside"_s;
    }
    return found;
}

} // namespace orrery::ui
