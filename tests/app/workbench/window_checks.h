// SPDX-License-Identifier: GPL-3.0-or-later
// What every place of a window must fulfil: names, reach of the keyboard, room, contrast. Each check gives
// what does not. GUI thread only.
#pragma once

#include "tests/widgets/common/gui_test.h"
#include "widgets/theme/contrast.h"

#include <QAbstractItemView>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QButtonGroup>
#include <QComboBox>
#include <QDockWidget>
#include <QHash>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSet>
#include <QStackedWidget>
#include <QTabBar>
#include <QTextEdit>
#include <QToolButton>

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

inline QStringList unnamedControls(const QWidget &window)
{
    QStringList found;
    for (QWidget *widget : window.findChildren<QWidget *>()) {
        if (!isControl(widget) || !widget->isVisible() || isPartOfControl(widget)) continue;
        QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(widget);
        if (!interface || interface->text(QAccessible::Name).isEmpty()) found << nameOf(widget);
    }
    return found;
}

/// By Qt::Key_Tab or Qt::Key_Backtab.
inline QStringList unreachedControls(const QWidget &window, Qt::Key key)
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

inline QStringList clippedControls(const QWidget &window, QSize size)
{
    QStringList found;
    if (window.width() > size.width() || window.height() > size.height()) {
        QString needs = u"the window needs %1 x %2"_s.arg(window.width()).arg(window.height());
        QList<QWidget *> parts{child<QStackedWidget>(&window, "pages")};
        for (QDockWidget *dock : window.findChildren<QDockWidget *>()) parts << dock;
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

/// Texts that stand out too little from what is behind them.
inline QStringList paleTexts(const QWidget &window)
{
    QStringList found;
    for (const QLabel *label : window.findChildren<QLabel *>()) {
        if (!label->isVisible() || !label->isEnabled() || label->text().isEmpty() || label->width() < 4)
            continue;
        const QRect seen = label->visibleRegion().boundingRect();
        if (seen.width() < 4 || seen.height() < 4) continue; // scrolled away
        QImage ground(seen.size(), QImage::Format_RGB32);
        const QPoint place = label->mapTo(label->window(), seen.topLeft());
        label->window()->render(&ground, {}, QRegion(QRect(place, seen.size())));
        QHash<QRgb, int> counts; // most of it is not the text
        for (int y = 0; y < ground.height(); ++y)
            for (int x = 0; x < ground.width(); ++x) ++counts[ground.pixel(x, y)];
        QRgb most = ground.pixel(0, 0);
        for (auto count = counts.cbegin(); count != counts.cend(); ++count)
            if (count.value() > counts[most]) most = count.key();
        const double contrast = contrastRatio(label->palette().color(label->foregroundRole()), QColor(most));
        if (contrast < kMinTextContrast)
            found << nameOf(label) + u" “%1”: contrast %2"_s.arg(label->text()).arg(contrast, 0, 'f', 2);
    }
    return found;
}

} // namespace orrery::ui
