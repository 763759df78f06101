// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/curves/run_legend.h"

#include "widgets/common/plain_tool_tip.h"
#include "widgets/theme/theme.h"

#include <QKeyEvent>
#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>

#include <algorithm>

namespace orrery::ui {
namespace {

enum Role { IdRole = Qt::UserRole + 1, ColorRole, StyleRole, DimmedRole };
constexpr int kKeyWidth = 18, kGap = 6, kPadding = 4;
constexpr int kMaxNameWidth = 190, kMaxLines = 3;

class LegendDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        const bool isDimmed = index.data(DimmedRole).toBool();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRectF area = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5);
        if (option.state.testFlag(QStyle::State_MouseOver)) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(tokens.selection);
            painter->drawRoundedRect(area, 3, 3);
        }
        if (option.state.testFlag(QStyle::State_HasFocus)) {
            painter->setPen(QPen(tokens.accent, 1));
            painter->setBrush(Qt::NoBrush);
            painter->drawRoundedRect(area, 3, 3);
        }
        QColor color = index.data(ColorRole).value<QColor>();
        if (isDimmed) color.setAlphaF(0.4F);
        const double y = area.center().y();
        painter->setPen(QPen(color, 2, Qt::PenStyle(index.data(StyleRole).toInt())));
        painter->drawLine(QPointF(area.left() + kPadding, y), QPointF(area.left() + kPadding + kKeyWidth, y));
        const QFont font = Theme::instance().smallFont();
        painter->setFont(font);
        painter->setPen(isDimmed ? tokens.secondary : tokens.text);
        const QRectF room = area.adjusted(kPadding + kKeyWidth + kGap, 0, -kPadding, 0);
        painter->drawText(room, Qt::AlignVCenter,
                          QFontMetrics(font).elidedText(index.data().toString(), Qt::ElideMiddle, int(room.width()) + 1));
        painter->restore();
    }
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &index) const override
    {
        const QFontMetrics metrics(Theme::instance().smallFont());
        const int text = std::min(metrics.horizontalAdvance(index.data().toString()), kMaxNameWidth);
        return {2 * kPadding + kKeyWidth + kGap + text + 2, metrics.height() + 4};
    }
};

} // namespace

RunLegend::RunLegend(QWidget *parent) : QListView(parent), m_model(new QStandardItemModel(this))
{
    setObjectName(QStringLiteral("runLegend"));
    setAccessibleName(tr("Runs in the charts"));
    setToolTip(tr("Click a run to dim the others, click it again to show all (Space, Esc)"));
    setModel(m_model);
    setItemDelegate(new LegendDelegate(this));
    setFlow(QListView::LeftToRight);
    setWrapping(true);
    setResizeMode(QListView::Adjust);
    setSpacing(1);
    setFrameShape(QFrame::NoFrame);
    setSelectionMode(QAbstractItemView::NoSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    viewport()->setAutoFillBackground(false);
    connect(this, &QListView::clicked, this,
            [this](const QModelIndex &index) { toggle(index.data(IdRole).toString()); });
    connect(&Theme::instance(), &Theme::changed, this, &RunLegend::updateHeight);
}

void RunLegend::setEntries(const std::vector<LegendEntry> &entries)
{
    if (entries == m_entries) return;
    const bool isOther = !std::equal(entries.begin(), entries.end(), m_entries.begin(), m_entries.end(),
                                     [](const LegendEntry &a, const LegendEntry &b) { return a.id == b.id; });
    m_entries = entries;
    if (isOther) {
        m_model->clear();
        for (size_t i = 0; i < entries.size(); ++i) m_model->appendRow(new QStandardItem);
    }
    updateItems();
    updateHeight();
}

void RunLegend::updateItems()
{
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const LegendEntry &entry = m_entries[size_t(row)];
        QStandardItem *item = m_model->item(row);
        const bool dimmed = isDimmed(entry.id);
        item->setText(entry.text);
        item->setToolTip(plainToolTip(entry.toolTip));
        item->setData(entry.id, IdRole);
        item->setData(entry.color, ColorRole);
        item->setData(int(entry.penStyle), StyleRole);
        item->setData(dimmed, DimmedRole);
        item->setData(dimmed ? tr("%1, dimmed").arg(entry.text) : entry.text, Qt::AccessibleTextRole);
    }
}

bool RunLegend::isDimmed(const QString &id) const { return !m_chosen.isEmpty() && !m_chosen.contains(id); }

void RunLegend::setChosen(const QSet<QString> &ids)
{
    if (ids == m_chosen) return;
    m_chosen = ids;
    updateItems();
    Q_EMIT chosenChanged();
}

void RunLegend::toggle(const QString &id)
{
    QSet<QString> chosen = m_chosen;
    if (!chosen.remove(id)) chosen.insert(id);
    setChosen(chosen);
}

void RunLegend::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space || event->key() == Qt::Key_Return) {
        if (currentIndex().isValid()) toggle(currentIndex().data(IdRole).toString());
        return;
    }
    if (event->key() == Qt::Key_Escape && !m_chosen.isEmpty()) return setChosen({});
    QListView::keyPressEvent(event);
}

int RunLegend::lineHeight() const { return QFontMetrics(Theme::instance().smallFont()).height() + 4 + 2 * spacing(); }

/// As high as its lines are, up to some; more of them scroll.
void RunLegend::updateHeight()
{
    int numLines = m_entries.empty() ? 0 : 1;
    const int room = std::max(viewport()->width(), 1);
    int x = 0;
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const int width = sizeHintForIndex(m_model->index(row, 0)).width() + 2 * spacing();
        if (x > 0 && x + width > room) {
            ++numLines;
            x = 0;
        }
        x += width;
    }
    const int height = std::min(numLines, kMaxLines) * lineHeight() + 2 * spacing();
    if (height != maximumHeight() || height != minimumHeight()) setFixedHeight(height);
}

void RunLegend::resizeEvent(QResizeEvent *event)
{
    QListView::resizeEvent(event);
    updateHeight();
}

QSize RunLegend::sizeHint() const { return {kMaxNameWidth * 2, lineHeight()}; }

QSize RunLegend::minimumSizeHint() const { return {kMaxNameWidth / 2, lineHeight()}; }

} // namespace orrery::ui
