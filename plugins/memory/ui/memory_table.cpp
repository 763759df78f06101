// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/memory/ui/memory_table.h"

#include "plugins/memory/ui/memory_model.h"
#include "widgets/common/number_text.h"
#include "widgets/common/table_style.h"
#include "widgets/common/tone_label.h"
#include "widgets/theme/theme.h"

#include <QEvent>
#include <QHeaderView>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

/// The number with a bar under it: rows can be compared without reading.
class UsageDelegate : public QStyledItemDelegate {
public:
    UsageDelegate(const MemoryModel *model, QObject *parent) : QStyledItemDelegate(parent), m_model(model) {}
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const ui::ThemeTokens &tokens = ui::Theme::instance().tokens();
        if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, tokens.selection);
        const QRect area = option.rect.adjusted(ui::space::kOne, 0, -ui::space::kOne, 0);
        const double usage = index.data(MemoryModel::UsageRole).toDouble();
        const double share = m_model->maxUsage() > 0 ? std::clamp(usage / m_model->maxUsage(), 0.0, 1.0) : 0;
        painter->fillRect(QRect(area.left(), area.bottom() - 2, area.width(), 2), tokens.grid);
        painter->fillRect(QRect(area.left(), area.bottom() - 2, qRound(share * area.width()), 2),
                          tokens.accent);
        painter->setFont(ui::typeFont(ui::TypeSize::Base));
        painter->setPen(tokens.text);
        painter->drawText(area, Qt::AlignVCenter | Qt::AlignRight, index.data().toString());
    }

private:
    const MemoryModel *m_model;
};

/// Qt draws the arrow over a title that stands at the right: here it stands beside the title.
class SortHeader : public QHeaderView {
public:
    explicit SortHeader(QWidget *parent) : QHeaderView(Qt::Horizontal, parent) {}

protected:
    void paintSection(QPainter *painter, const QRect &rect, int section) const override
    {
        painter->save();
        QHeaderView::paintSection(painter, rect, section);
        painter->restore();
        if (section != sortIndicatorSection()) return;
        const QString title = model()->headerData(section, orientation()).toString();
        const auto alignment =
            model()->headerData(section, orientation(), Qt::TextAlignmentRole).value<Qt::Alignment>();
        const int text = fontMetrics().horizontalAdvance(title);
        const double x = alignment & Qt::AlignRight ? rect.right() - ui::space::kOne - text - 9
                                                    : rect.left() + ui::space::kOne + text + 9;
        const double y = rect.center().y() + 1, up = sortIndicatorOrder() == Qt::AscendingOrder ? 1 : -1;
        const QPointF corners[] = {{x - 3.5, y + 2 * up}, {x + 3.5, y + 2 * up}, {x, y - 2.5 * up}};
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(Qt::NoPen);
        painter->setBrush(ui::Theme::instance().tokens().accent);
        painter->drawPolygon(corners, 3);
        painter->restore();
    }
};

/// Columns that a dock of this many characters still has room for, beside the text.
constexpr std::array<std::pair<int, int>, 5> kRoomFor = {{{MemoryModel::SlotsColumn, 86},
                                                          {MemoryModel::StepColumn, 148},
                                                          {MemoryModel::LastReadColumn, 116},
                                                          {MemoryModel::AgeColumn, 108},
                                                          {MemoryModel::SourceColumn, 66}}};

} // namespace

MemoryTable::MemoryTable(MemoryModel *model, QWidget *parent) : QTableView(parent), m_model(model)
{
    setObjectName(u"memoryTable"_s);
    setAccessibleName(tr("Events that the model remembers"));
    setModel(model);
    setHorizontalHeader(new SortHeader(this));
    ui::styleTable(this);
    setItemDelegateForColumn(MemoryModel::UsageColumn, new UsageDelegate(model, this));
    setSelectionMode(QAbstractItemView::SingleSelection);
    QHeaderView *header = horizontalHeader();
    header->setStretchLastSection(false);
    header->setSectionsClickable(true);
    header->setSortIndicator(MemoryModel::TokensColumn, Qt::AscendingOrder);
    setSortingEnabled(true);
    header->setSortIndicatorShown(false); // it draws its own
    header->setSectionResizeMode(QHeaderView::Interactive);
    header->setSectionResizeMode(MemoryModel::TextColumn, QHeaderView::Stretch);
    fitColumns();
    connect(model, &QAbstractItemModel::modelReset, this, &MemoryTable::fitColumns);
    connect(&ui::Theme::instance(), &ui::Theme::changed, this, &MemoryTable::fitColumns);
}

void MemoryTable::fitColumns()
{
    // Widths are of what may stand there, not of what does: nothing reads the rows.
    static constexpr std::array<const char *, MemoryModel::kNumColumns> kWidest = {
        "100,000",  "chat.json · assistant 12", "", "", "00.00", "1,000,000", "not known", "128", "",
        "1,000,000"};
    const QFontMetrics metrics(ui::typeFont(ui::TypeSize::Base));
    const int padding = 2 * ui::space::kOne + 2, arrow = 14;
    for (int column = 0; column < MemoryModel::kNumColumns; ++column) {
        if (column == MemoryModel::TextColumn) continue;
        const QString title = m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
        const int text =
            std::max(metrics.horizontalAdvance(title) + arrow,
                     metrics.horizontalAdvance(QString::fromUtf8(kWidest[static_cast<size_t>(column)])));
        setColumnWidth(column, text + padding);
    }
    const QString last = ui::integerText(m_model->length());
    setColumnWidth(
        MemoryModel::TokensColumn,
        std::max(
            metrics.horizontalAdvance(u"%1–%1"_s.arg(last)),
            metrics.horizontalAdvance(
                m_model->headerData(MemoryModel::TokensColumn, Qt::Horizontal, Qt::DisplayRole).toString()) +
                arrow) +
            padding);
    verticalHeader()->setDefaultSectionSize(metrics.height() + 8);
    const int numCharacters = width() / std::max(1, metrics.averageCharWidth());
    for (const auto &[column, room] : kRoomFor) setColumnHidden(column, numCharacters < room);
    // The last that go: the strip has a pin on each, and the details say the number.
    static constexpr std::array kLast = {MemoryModel::PinnedColumn, MemoryModel::EventColumn};
    for (const int column : kLast) setColumnHidden(column, false);
    // Words of another language are longer: the text keeps room for its title all the same.
    const QString title = m_model->headerData(MemoryModel::TextColumn, Qt::Horizontal, Qt::DisplayRole).toString();
    int room = viewport()->width() - metrics.horizontalAdvance(title) - padding - arrow;
    for (int column = 0; column < MemoryModel::kNumColumns; ++column)
        if (column != MemoryModel::TextColumn && !isColumnHidden(column)) room -= columnWidth(column);
    const auto hide = [&](int column) {
        if (room >= 0 || isColumnHidden(column)) return;
        room += columnWidth(column);
        setColumnHidden(column, true);
    };
    for (const auto &[column, wanted] : kRoomFor) hide(column);
    for (const int column : kLast) hide(column);
}

void MemoryTable::resizeEvent(QResizeEvent *event)
{
    QTableView::resizeEvent(event);
    fitColumns();
}

void MemoryTable::changeEvent(QEvent *event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::LanguageChange) fitColumns();
}

int MemoryTable::currentEvent() const
{
    const QModelIndex index = currentIndex();
    return index.isValid() ? m_model->indexOfRow(index.row()) : -1;
}

void MemoryTable::selectEvent(int index)
{
    m_isSelecting = true;
    const int row = m_model->rowOfIndex(index);
    if (row < 0) {
        clearSelection();
        setCurrentIndex({});
    } else if (row != currentIndex().row() || !selectionModel()->hasSelection()) {
        setCurrentIndex(m_model->index(row, MemoryModel::TokensColumn));
    }
    m_isSelecting = false;
}

void MemoryTable::currentChanged(const QModelIndex &current, const QModelIndex &previous)
{
    QTableView::currentChanged(current, previous);
    if (!m_isSelecting && current.isValid() && current.row() != previous.row())
        Q_EMIT eventChosen(m_model->indexOfRow(current.row()));
}

} // namespace orrery::memory_ui
