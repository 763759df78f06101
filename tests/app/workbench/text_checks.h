// SPDX-License-Identifier: GPL-3.0-or-later
// Whether all texts of a window have room, in any language, and whether they pass tr(). Each check gives what does not.
// GUI thread only.
#pragma once

#include "tests/app/workbench/longer_texts.h"
#include "tests/app/workbench/window_checks.h"
#include "widgets/common/elided_combo_box.h"
#include "widgets/common/tone_label.h"

#include <QCheckBox>
#include <QGroupBox>
#include <QHeaderView>
#include <QMainWindow>
#include <QMenu>
#include <QMenuBar>
#include <QRegularExpression>
#include <QSizeGrip>
#include <QSplitterHandle>
#include <QTextDocument>
#include <QToolBar>

namespace orrery::ui {

inline QString shortened(const QString &text) { return text.size() > 60 ? text.left(57) + u"…"_s : text; }

/// A hover that has this text, whatever else it says.
inline bool hoverHas(const QWidget &widget, const QString &text)
{
    QString hover = widget.toolTip();
    if (Qt::mightBeRichText(hover)) {
        QTextDocument document;
        document.setHtml(hover);
        hover = document.toPlainText();
    }
    return hover.simplified().contains(text.simplified());
}

inline QString cutLabel(const QLabel &label)
{
    if (label.text().isEmpty() || !label.pixmap(Qt::ReturnByValue).isNull()) return {};
    if (const auto *elided = qobject_cast<const ElidedLabel *>(&label)) {
        const bool isCut = elided->text() != elided->fullText();
        if (isCut && !hoverHas(label, elided->fullText())) return u"is cut and has no hover with the whole"_s;
        return label.height() + 1 < label.fontMetrics().height() ? u"is too low"_s : QString();
    }
    const QSize least = label.minimumSizeHint();
    if (label.width() + 1 < least.width()) return u"is %1 wide, needs %2"_s.arg(label.width()).arg(least.width());
    const int height = label.wordWrap() ? label.heightForWidth(label.width()) : least.height();
    if (label.height() + kSlack < height) return u"is %1 high, needs %2"_s.arg(label.height()).arg(height);
    return {};
}

inline QString cutCombo(const QComboBox &box)
{
    QStyleOptionComboBox option;
    option.initFrom(&box);
    option.editable = box.isEditable();
    const int room = box.style()->subControlRect(QStyle::CC_ComboBox, &option, QStyle::SC_ComboBoxEditField, &box).width();
    const int icon = box.itemIcon(box.currentIndex()).isNull() ? 0 : box.iconSize().width() + 4;
    const int needed = box.fontMetrics().horizontalAdvance(box.currentText()) + icon;
    // An elided one says the whole on hover; three letters are to be read without.
    const bool isElided = dynamic_cast<const ElidedComboBox *>(&box) != nullptr;
    const int least = isElided ? std::min(needed, box.fontMetrics().horizontalAdvance(u"abc…"_s) + icon) : needed;
    return room + kSlack < least ? u"has room for %1 of “%2”, needs %3"_s.arg(room).arg(box.currentText()).arg(least)
                                 : QString();
}

inline QString cutTab(const QTabBar &bar)
{
    for (int i = 0; i < bar.count(); ++i) {
        if (!bar.isTabVisible(i)) continue;
        const int needed = bar.fontMetrics().horizontalAdvance(bar.tabText(i).remove(u'&'));
        if (bar.tabRect(i).width() < needed && bar.tabToolTip(i).isEmpty())
            return u"tab “%1” is %2 wide, needs %3"_s.arg(bar.tabText(i)).arg(bar.tabRect(i).width()).arg(needed);
    }
    return {};
}

inline QString cutHeader(const QHeaderView &header)
{
    if (header.orientation() != Qt::Horizontal || !header.model()) return {};
    for (int i = 0; i < header.count(); ++i) {
        if (header.isSectionHidden(i)) continue;
        const QString text = header.model()->headerData(i, Qt::Horizontal).toString();
        const int needed = header.fontMetrics().horizontalAdvance(text);
        const QString hover = header.model()->headerData(i, Qt::Horizontal, Qt::ToolTipRole).toString();
        if (header.sectionSize(i) < needed && hover.isEmpty())
            return u"column “%1” is %2 wide, needs %3"_s.arg(text).arg(header.sectionSize(i)).arg(needed);
    }
    return {};
}

inline QString cutDock(const QDockWidget &dock)
{
    if (dock.titleBarWidget() || dock.geometry().right() < 0) return {}; // behind the tab of another one
    const int room = dock.width() - 48; // without its two buttons
    const int needed = dock.fontMetrics().horizontalAdvance(dock.windowTitle());
    return room < needed ? u"title has room for %1, needs %2"_s.arg(room).arg(needed) : QString();
}

/// What a field says while it is empty is cut with an ellipsis; the whole is then its hover.
inline QString cutPlaceholder(const QLineEdit &line)
{
    if (!line.text().isEmpty() || line.placeholderText().isEmpty()) return {};
    const QMargins margins = line.textMargins();
    const int room = line.width() - margins.left() - margins.right() - 10;
    const int needed = line.fontMetrics().horizontalAdvance(line.placeholderText());
    if (needed <= room || hoverHas(line, line.placeholderText())) return {};
    return u"has room for %1 of “%2”, needs %3, and its hover does not say it"_s.arg(room)
        .arg(line.placeholderText())
        .arg(needed);
}

inline bool isScrolled(const QWidget &widget)
{
    for (const QWidget *parent = widget.parentWidget(); parent; parent = parent->parentWidget())
        if (qobject_cast<const QAbstractScrollArea *>(parent)) return true;
    return false;
}

/// Where a text stands that another one of the same parent covers, and what stands outside its parent.
inline QStringList misplaced(const QWidget &window)
{
    QStringList found;
    for (const QWidget *widget : window.findChildren<QWidget *>()) {
        const QWidget *parent = widget->parentWidget();
        if (!widget->isVisibleTo(&window) || widget->isWindow() || widget->objectName().startsWith("qt_"_L1)) continue;
        const bool isText = qobject_cast<const QLabel *>(widget) || qobject_cast<const QAbstractButton *>(widget) ||
                            qobject_cast<const QComboBox *>(widget) || qobject_cast<const QLineEdit *>(widget);
        if (!isText || widget->width() < 2 || widget->height() < 2 || isPartOfControl(widget)) continue;
        const bool isInViewport = qobject_cast<const QAbstractScrollArea *>(parent->parentWidget()) != nullptr;
        if (!isInViewport && !parent->rect().adjusted(-1, -1, 1, 1).contains(widget->geometry()))
            found << nameOf(widget) + u" stands outside its parent"_s;
        for (const QObject *other : parent->children()) {
            const auto *beside = qobject_cast<const QWidget *>(other);
            const bool isTextToo = qobject_cast<const QLabel *>(beside) || qobject_cast<const QAbstractButton *>(beside);
            if (!isTextToo || beside >= widget || !beside->isVisibleTo(&window) || beside->isWindow()) continue;
            const QRect both = beside->geometry().adjusted(1, 1, -1, -1).intersected(widget->geometry().adjusted(1, 1, -1, -1));
            if (both.width() > 1 && both.height() > 1) found << nameOf(widget) + u" covers "_s + nameOf(beside);
        }
    }
    return found;
}

/// What is scrolled up and down only, and is wider than there is room: its right end is never seen.
inline QString cutColumn(const QScrollArea &area)
{
    if (area.horizontalScrollBarPolicy() != Qt::ScrollBarAlwaysOff || !area.widget()) return {};
    const int room = area.viewport()->width(), needed = area.widget()->width();
    return room < needed ? u"shows %1 of a column of %2"_s.arg(room).arg(needed) : QString();
}

inline QStringList cutTexts(const QWidget &window)
{
    QStringList found = misplaced(window);
    for (const QWidget *widget : window.findChildren<QWidget *>()) {
        if (!widget->isVisibleTo(&window) || widget->window() != &window) continue;
        QString problem;
        if (const auto *label = qobject_cast<const QLabel *>(widget)) problem = cutLabel(*label);
        if (const auto *area = qobject_cast<const QScrollArea *>(widget)) problem = cutColumn(*area);
        if (const auto *box = qobject_cast<const QComboBox *>(widget)) problem = cutCombo(*box);
        if (const auto *bar = qobject_cast<const QTabBar *>(widget)) problem = cutTab(*bar);
        if (const auto *header = qobject_cast<const QHeaderView *>(widget)) problem = cutHeader(*header);
        if (const auto *dock = qobject_cast<const QDockWidget *>(widget)) problem = cutDock(*dock);
        if (const auto *line = qobject_cast<const QLineEdit *>(widget); line && !isPartOfControl(line))
            problem = cutPlaceholder(*line);
        // The arrows behind which what has no room is put.
        if (widget->objectName() == u"qt_toolbar_ext_button"_s || widget->objectName() == u"qt_menubar_ext_button"_s)
            problem = u"hides what has no room"_s;
        if (problem.isEmpty()) continue;
        const auto *label = qobject_cast<const QLabel *>(widget);
        found << nameOf(widget) + (label ? u" “%1” "_s.arg(shortened(label->text())) : u" "_s) + problem;
    }
    return found;
}

/// Each text that somebody sees or hears, with where it stands.
inline QList<std::pair<QString, QString>> textsOf(const QWidget &window)
{
    QList<std::pair<QString, QString>> texts;
    const auto add = [&texts](const QObject *owner, const char *kind, const QString &text) {
        if (text.isEmpty()) return;
        const auto *widget = qobject_cast<const QWidget *>(owner);
        texts.append({(widget ? nameOf(widget) : owner->objectName()) + u' ' + QLatin1String(kind), text});
    };
    for (const QWidget *widget : window.findChildren<QWidget *>()) {
        if (const auto *menu = qobject_cast<const QMenu *>(widget)) {
            for (const QAction *action : menu->actions()) {
                add(menu, "entry", action->text());
                if (!action->toolTip().startsWith(action->text())) add(menu, "entry's hover", action->toolTip());
            }
            continue;
        }
        if (!widget->isVisibleTo(&window) || isPartOfControl(widget)) continue;
        add(widget, "hover", widget->toolTip());
        add(widget, "name", widget->accessibleName());
        add(widget, "description", widget->accessibleDescription());
        if (const auto *elided = qobject_cast<const ElidedLabel *>(widget)) add(elided, "text", elided->fullText());
        else if (const auto *label = qobject_cast<const QLabel *>(widget)) add(label, "text", label->text());
        if (const auto *button = qobject_cast<const QAbstractButton *>(widget)) add(button, "text", button->text());
        if (const auto *box = qobject_cast<const QGroupBox *>(widget)) add(box, "title", box->title());
        if (const auto *line = qobject_cast<const QLineEdit *>(widget)) add(line, "placeholder", line->placeholderText());
        if (const auto *edit = qobject_cast<const QPlainTextEdit *>(widget)) add(edit, "placeholder", edit->placeholderText());
        if (const auto *dock = qobject_cast<const QDockWidget *>(widget)) add(dock, "title", dock->windowTitle());
        if (const auto *box = qobject_cast<const QComboBox *>(widget))
            for (int i = 0; i < box->count(); ++i) add(box, "choice", box->itemText(i));
        if (const auto *bar = qobject_cast<const QTabBar *>(widget))
            for (int i = 0; i < bar->count(); ++i) {
                add(bar, "tab", bar->tabText(i));
                add(bar, "tab's hover", bar->tabToolTip(i));
            }
        if (const auto *header = qobject_cast<const QHeaderView *>(widget); header && header->model())
            for (int i = 0; i < header->count() && header->orientation() == Qt::Horizontal; ++i)
                for (const int role : {Qt::DisplayRole, Qt::ToolTipRole})
                    add(header, "column", header->model()->headerData(i, Qt::Horizontal, role).toString());
    }
    return texts;
}

/// Texts that the language of LongerTexts does not know, but for names, keys, numbers and what matches `data`.
inline QStringList untranslated(const QWidget &window, const QRegularExpression &data)
{
    static const QRegularExpression tag(u"<[^>]*>"_s);
    // Keys of settings, series, paths and versions; what is quoted is somebody's text.
    static const QRegularExpression name(u"\\S*[_./@=\\\\\\d]\\S*|“[^”]*”|\"[^\"]*\""_s);
    static const QRegularExpression word(u"[A-Za-z][a-z]{2,}"_s);
    QStringList found;
    for (const auto &[owner, text] : textsOf(window)) {
        if (owner.startsWith(u"QComboBox \"control_"_s) && owner.endsWith(u" choice"_s)) continue; // values of settings
        QString rest = text;
        rest.remove(tag).remove(data).remove(name);
        if (rest.contains(word) && !text.contains(LongerTexts::kMark)) found << owner + u": “%1”"_s.arg(shortened(text));
    }
    found.removeDuplicates();
    return found;
}

} // namespace orrery::ui
