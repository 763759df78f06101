// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/filter_combo_box.h"

#include "widgets/common/filter_popup.h"

#include <QKeyEvent>
#include <QLineEdit>

namespace orrery::ui {

FilterComboBox::FilterComboBox(const QString &placeholder, QWidget *parent) : ElidedComboBox(parent), m_placeholder(placeholder) {}

bool FilterComboBox::setEntries(const QList<Entry> &entries)
{
    bool isSame = entries.size() == count();
    for (int i = 0; isSame && i < count(); ++i)
        isSame = itemData(i).toString() == entries[i].data && itemText(i) == entries[i].text &&
                 itemData(i, FilterPopup::kWordsRole).toString() == entries[i].words;
    if (isSame) return false;
    clear();
    for (const Entry &entry : entries) {
        addItem(entry.text, entry.data);
        setItemData(count() - 1, entry.data, Qt::ToolTipRole);
        setItemData(count() - 1, entry.words, FilterPopup::kWordsRole);
    }
    return true;
}

FilterPopup *FilterComboBox::popup() const { return m_popup; }

void FilterComboBox::showPopup()
{
    if ((m_popup && m_popup->isVisible()) || count() == 0) return; // one that has closed is gone with the next event
    m_popup = new FilterPopup(*model(), currentIndex(), m_placeholder, this);
    connect(m_popup, &FilterPopup::chosen, this, [this](int row) {
        setCurrentIndex(row);
        setFocus(Qt::PopupFocusReason);
        Q_EMIT activated(row);
        Q_EMIT textActivated(itemText(row));
    });
    m_popup->showUnder(*this);
}

void FilterComboBox::hidePopup()
{
    if (m_popup) m_popup->close();
    ElidedComboBox::hidePopup();
}

void FilterComboBox::keyPressEvent(QKeyEvent *event)
{
    const QString typed = event->text();
    const bool isCommand = event->modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier);
    if (isCommand || typed.trimmed().isEmpty() || !typed.front().isPrint()) {
        ElidedComboBox::keyPressEvent(event);
        return;
    }
    showPopup();
    if (m_popup) m_popup->line()->setText(typed);
}

} // namespace orrery::ui
