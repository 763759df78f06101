// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/column_chooser.h"

#include "widgets/common/counted.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QScrollBar>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

ColumnChooser::ColumnChooser(QWidget *parent)
    : QDialog(parent), m_search(new QLineEdit(this)), m_differing(new QCheckBox(this)), m_list(new QListWidget(this)),
      m_noMatch(new ToneLabel(QString(), Tone::Secondary, TypeSize::Base, this))
{
    setObjectName(u"columnChooser"_s);
    setWindowTitle(tr("Columns"));
    setAttribute(Qt::WA_DeleteOnClose);
    m_search->setObjectName(u"columnSearch"_s);
    m_search->setPlaceholderText(tr("Search columns"));
    m_search->setAccessibleName(tr("Search columns"));
    m_search->setClearButtonEnabled(true);
    m_differing->setObjectName(u"differingColumns"_s);
    m_list->setObjectName(u"columnList"_s);
    m_list->setAccessibleName(tr("Columns of the table"));
    m_list->setUniformItemSizes(true);
    m_noMatch->setWordWrap(true);
    m_noMatch->hide();
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    buttons->button(QDialogButtonBox::Close)->setIcon(QIcon());
    QPushButton *ordinary = buttons->addButton(tr("As at first"), QDialogButtonBox::ResetRole);
    ordinary->setObjectName(u"ordinaryColumns"_s);
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_search);
    layout->addWidget(m_differing);
    layout->addWidget(m_list, 1);
    layout->addWidget(m_noMatch);
    layout->addWidget(buttons);
    resize(380, 520);
    // Enter in the search is no answer to the dialog.
    for (QPushButton *button : findChildren<QPushButton *>()) button->setAutoDefault(false);

    connect(m_search, &QLineEdit::textChanged, this, &ColumnChooser::filter);
    connect(m_differing, &QCheckBox::toggled, this, [this](bool isOn) {
        if (!m_isFilling) Q_EMIT differingChosen(isOn);
    });
    connect(m_list, &QListWidget::itemChanged, this, [this] {
        if (!m_isFilling) Q_EMIT columnsChosen(chosen());
    });
    // A click anywhere in the line ticks it, as Space does.
    connect(m_list, &QListWidget::itemActivated, this, [](QListWidgetItem *item) {
        item->setCheckState(item->checkState() == Qt::Checked ? Qt::Unchecked : Qt::Checked);
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    connect(ordinary, &QPushButton::clicked, this, &ColumnChooser::ordinaryRequested);
}

void ColumnChooser::add(const ValuesColumn &column, bool isOn)
{
    const QString id = column.id();
    for (int i = 0; i < m_list->count(); ++i)
        if (m_list->item(i)->data(Qt::UserRole).toString() == id) return;
    QString text = column.title();
    if (column.kind == ValuesColumnKind::Setting) text = tr("%1 · setting %2").arg(text, column.name);
    if (column.kind == ValuesColumnKind::Series) text = tr("%1 · series").arg(text);
    auto *item = new QListWidgetItem(text, m_list);
    item->setData(Qt::UserRole, id);
    item->setToolTip(column.toolTip());
    item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
    item->setCheckState(isOn ? Qt::Checked : Qt::Unchecked);
}

void ColumnChooser::setColumns(const std::vector<ValuesColumn> &offered, const std::vector<ValuesColumn> &isOn)
{
    const QScopedValueRollback filling(m_isFilling, true);
    m_list->clear();
    const auto isChosen = [&isOn](const ValuesColumn &column) {
        return std::find(isOn.begin(), isOn.end(), column) != isOn.end();
    };
    for (const ValuesColumn &column : offered)
        if (column.kind != ValuesColumnKind::Name) add(column, isChosen(column));
    for (const ValuesColumn &column : isOn)
        if (column.kind != ValuesColumnKind::Name) add(column, true);
    filter();
}

void ColumnChooser::offer(const std::vector<ValuesColumn> &more)
{
    if (int(more.size()) - 1 <= m_list->count()) return; // the name is not in the list
    const int scrolled = m_list->verticalScrollBar()->value(), current = m_list->currentRow();
    setColumns(more, chosen());
    m_list->setCurrentRow(current);
    m_list->verticalScrollBar()->setValue(scrolled);
}

void ColumnChooser::setDiffering(bool isOn, int number)
{
    const QScopedValueRollback filling(m_isFilling, true);
    m_differing->setChecked(isOn);
    m_differing->setText(number < 0 ? tr("Settings that differ")
                                    : tr("Settings that differ (%1)").arg(integerText(number)));
}

std::vector<ValuesColumn> ColumnChooser::chosen() const
{
    std::vector<ValuesColumn> columns;
    for (int i = 0; i < m_list->count(); ++i)
        if (m_list->item(i)->checkState() == Qt::Checked)
            if (const auto column = columnFromId(m_list->item(i)->data(Qt::UserRole).toString()))
                columns.push_back(*column);
    return columns;
}

void ColumnChooser::filter()
{
    const QString wanted = m_search->text().trimmed();
    bool hasMatch = false;
    for (int i = 0; i < m_list->count(); ++i) {
        QListWidgetItem *item = m_list->item(i);
        const bool isShown = item->text().contains(wanted, Qt::CaseInsensitive) ||
                             item->data(Qt::UserRole).toString().contains(wanted, Qt::CaseInsensitive);
        item->setHidden(!isShown);
        hasMatch = hasMatch || isShown;
    }
    m_noMatch->setText(tr("No column has “%1” in its name.").arg(wanted));
    m_noMatch->setVisible(!hasMatch);
}

} // namespace orrery::ui
