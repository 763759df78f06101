// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/key_value_grid.h"

#include "widgets/common/glossary.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGridLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QMenu>

namespace orrery::ui {

namespace {

/// As the label's hover, which it makes anew whenever it is elided.
void setMeaning(ElidedLabel *label, const QString &text)
{
    if (label->property("meaning").toString() == text) return;
    label->setProperty("meaning", text);
    label->setToolTip(text);
}

} // namespace

KeyValueGrid::KeyValueGrid(QWidget *parent) : QWidget(parent), m_layout(new QGridLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setVerticalSpacing(space::kHalf);
    m_layout->setColumnStretch(0, 1);
}

const KeyValueGrid::Row *KeyValueGrid::findRow(const QString &name) const
{
    for (const Row &row : m_rows)
        if (row.name == name) return &row;
    return nullptr;
}

void KeyValueGrid::setValue(const QString &name, const QString &value, const QString &toolTip)
{
    setValue(name, value, Tone::Text, toolTip);
}

void KeyValueGrid::setValue(const QString &name, const QString &value, Tone tone, const QString &toolTip)
{
    const Row *row = findRow(name);
    if (!row) {
        Row added{name, new ElidedLabel(name, Tone::Secondary, TypeSize::Base, this),
                  new ToneLabel(QString(), tone, TypeSize::Base, this)};
        added.valueLabel->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        added.valueLabel->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        added.valueLabel->setContextMenuPolicy(Qt::NoContextMenu); // ours copies all rows as well
        added.valueLabel->setFocusPolicy(Qt::ClickFocus);
        added.valueLabel->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed); // never squeezed
        const int line = static_cast<int>(m_rows.size());
        // A row of its own: one long value does not take the room of all names.
        auto *pair = new QHBoxLayout;
        pair->setSpacing(space::kOne);
        pair->addWidget(added.nameLabel, 1);
        pair->addWidget(added.valueLabel);
        m_layout->addLayout(pair, line, 0);
        m_rows.append(added);
        row = &m_rows.last();
    }
    row->valueLabel->setTone(tone);
    if (row->valueLabel->text() != value) row->valueLabel->setText(value);
    row->valueLabel->setAccessibleName(name + QLatin1String(": ") + value);
    const QString meaning = glossaryHover(m_terms.value(name));
    row->valueLabel->setToolTip(toolTip.isEmpty() ? meaning : toolTip);
    if (!meaning.isEmpty() || !toolTip.isEmpty()) setMeaning(row->nameLabel, meaning.isEmpty() ? toolTip : meaning);
}

void KeyValueGrid::explain(const QString &name, const QString &term)
{
    m_terms.insert(name, term);
    if (const Row *row = findRow(name)) {
        setMeaning(row->nameLabel, glossaryHover(term));
        if (row->valueLabel->toolTip().isEmpty()) row->valueLabel->setToolTip(glossaryHover(term));
    }
}

void KeyValueGrid::setRowVisible(const QString &name, bool isVisible)
{
    if (const Row *row = findRow(name)) {
        row->nameLabel->setVisible(isVisible);
        row->valueLabel->setVisible(isVisible);
    }
}

void KeyValueGrid::clear()
{
    for (const Row &row : m_rows) {
        delete row.nameLabel;
        delete row.valueLabel;
    }
    m_rows.clear();
    while (QLayoutItem *pair = m_layout->takeAt(0)) delete pair;
}

QString KeyValueGrid::value(const QString &name) const
{
    const Row *row = findRow(name);
    return row ? row->valueLabel->text() : QString();
}

QString KeyValueGrid::toText() const
{
    QString text;
    for (const Row &row : m_rows)
        if (!row.valueLabel->isHidden()) text += row.name + u'\t' + row.valueLabel->text() + u'\n';
    return text;
}

void KeyValueGrid::contextMenuEvent(QContextMenuEvent *event)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (const Row &row : m_rows) {
        const QRect line = row.nameLabel->geometry().united(row.valueLabel->geometry());
        if (row.valueLabel->isHidden() || !line.contains(event->pos())) continue;
        const QString value = row.valueLabel->text();
        menu->addAction(tr("Copy %1").arg(row.name.toLower()), this,
                        [value] { QGuiApplication::clipboard()->setText(value); });
    }
    menu->addAction(tr("Copy all"), this, [this] { QGuiApplication::clipboard()->setText(toText()); });
    menu->popup(event->globalPos());
}

} // namespace orrery::ui
