// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/lineage_page.h"

#include "widgets/common/counted.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/run_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/compare/compare_feed.h"
#include "widgets/compare/lineage_model.h"
#include "widgets/session/run_colors.h"
#include "widgets/theme/theme.h"

#include <QHeaderView>
#include <QPainter>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kGatherMs = 60, kMark = 10, kBarWidth = 190;

class LineageDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const QSize size = QStyledItemDelegate::sizeHint(option, index);
        return {size.width() + (index.column() == LineageModel::RunColumn ? kMark + space::kOne : 0),
                QFontMetrics(typeFont(TypeSize::Base)).height() + 8};
    }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, tokens.selection);
        QRect area = option.rect.adjusted(space::kHalf, 0, -space::kOne, 0);
        const QVariant color = index.data(LineageModel::ColorRole);
        if (index.column() == LineageModel::RunColumn) {
            const QRectF mark(area.left(), option.rect.center().y() - kMark / 2.0 + 0.5, kMark, kMark);
            if (color.isValid())
                paintRunState(*painter, mark, RunState(index.data(LineageModel::StateRole).toInt()), color.value<QColor>());
            area.setLeft(area.left() + kMark + space::kOne);
        }
        if (index.column() == LineageModel::StepsColumn && color.isValid()) area = paintBar(*painter, area, index, color.value<QColor>());
        const QVariant foreground = index.data(Qt::ForegroundRole);
        painter->setFont(typeFont(TypeSize::Base));
        painter->setPen(foreground.isValid() ? foreground.value<QColor>() : tokens.text);
        painter->drawText(area, index.data(Qt::TextAlignmentRole).toInt(),
                          painter->fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, area.width()));
        painter->restore();
    }

private:
    /// From where it left its parent to where it is, on a line that all share. Gives the room beside it.
    static QRect paintBar(QPainter &painter, const QRect &area, const QModelIndex &index, const QColor &color)
    {
        const ThemeTokens &tokens = Theme::instance().tokens();
        const int numberWidth = QFontMetrics(typeFont(TypeSize::Base)).horizontalAdvance(u"1,000,000"_s) + space::kOne;
        const QRect line = area.adjusted(0, 0, -numberWidth, 0);
        if (line.width() < 20) return area;
        const double last = std::max(1.0, index.data(LineageModel::LastStepRole).toDouble());
        const auto at = [&](double step) { return line.left() + step / last * line.width(); };
        const double y = area.center().y() + 0.5;
        const double from = at(index.data(LineageModel::FromRole).toDouble());
        const double to = std::max(at(index.data(LineageModel::StepRole).toDouble()), from);
        painter.setPen(QPen(tokens.border, 1));
        painter.drawLine(QPointF(line.left(), y), QPointF(line.right(), y));
        painter.setPen(QPen(color, 3, Qt::SolidLine, Qt::FlatCap));
        painter.drawLine(QPointF(from, y), QPointF(std::max(to, from + 1), y));
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        if (index.parent().isValid()) painter.drawRect(QRectF(from - 1, y - 5, 2, 10)); // where it was branched
        painter.drawEllipse(QPointF(to, y), 3, 3);
        return QRect(line.right() + space::kOne, area.top(), area.right() - line.right() - space::kOne, area.height());
    }
};

} // namespace

LineagePage::LineagePage(EngineSession &session, CompareFeed &feed, QWidget *parent)
    : QWidget(parent), m_session(session), m_model(new LineageModel(this)), m_view(new QTreeView(this)),
      m_stack(new QStackedWidget(this)),
      m_empty(new EmptyState(tr("No branches"),
                             tr("A run that begins with a checkpoint of another one stands here under it, with the step and "
                                "the settings that were changed."),
                             this))
{
    setObjectName(u"lineagePage"_s);
    m_model->setFacts(feed.lookup());
    m_view->setModel(m_model);
    m_view->setItemDelegate(new LineageDelegate(m_view));
    m_view->setObjectName(u"lineageTree"_s);
    m_view->setAccessibleName(tr("Branches of the chosen runs"));
    m_view->setUniformRowHeights(true);
    m_view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_view->setAllColumnsShowFocus(true);
    m_view->header()->setStretchLastSection(true);
    m_view->setColumnWidth(LineageModel::StepsColumn, kBarWidth + 80);
    auto *branch = m_empty->addPlainButton(tr("Branch from step…"));
    branch->setObjectName(u"lineageBranch"_s);
    connect(branch, &QPushButton::clicked, this, &LineagePage::branchRequested);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_empty);
    m_stack->setCurrentIndex(1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);

    connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex &current) {
        const QString run = current.data(LineageModel::RunRole).toString();
        if (m_isSelecting || run.isEmpty() || run == m_run) return;
        m_run = run;
        Q_EMIT runChosen(run);
    });
    connect(m_view, &QTreeView::activated, this, [this](const QModelIndex &index) {
        const QString run = index.data(LineageModel::RunRole).toString();
        if (!run.isEmpty()) Q_EMIT runActivated(run);
    });
    m_timer.setSingleShot(true);
    m_timer.setInterval(kGatherMs);
    connect(&m_timer, &QTimer::timeout, this, &LineagePage::take);
    const auto soon = [this] {
        if (!m_timer.isActive()) m_timer.start();
    };
    connect(&feed, &CompareFeed::factsChanged, this, soon);
    connect(&session, &EngineSession::runsChanged, this, soon);
    connect(&RunColors::instance(), &RunColors::indexChanged, this, soon);
    connect(&Theme::instance(), &Theme::changed, m_view, [this] { m_view->viewport()->update(); });
}

void LineagePage::setRuns(const QStringList &chosen)
{
    m_chosen = chosen;
    take();
}

void LineagePage::take()
{
    const QStringList before = members();
    const int numBefore = int(m_model->nodes().size());
    std::vector<LineageNode> nodes = lineageOf(m_session.runs(), m_chosen);
    const bool isSame = nodes == m_model->nodes();
    {
        const QScopedValueRollback selecting(m_isSelecting, true);
        m_model->setNodes(std::move(nodes));
    }
    m_stack->setCurrentIndex(m_model->nodes().empty() ? 1 : 0);
    if (isSame && numBefore == int(m_model->nodes().size())) return;
    m_view->expandAll();
    m_view->resizeColumnToContents(LineageModel::RunColumn);
    m_view->setColumnWidth(LineageModel::RunColumn, std::min(m_view->columnWidth(LineageModel::RunColumn) + space::kOne, 320));
    for (const int column : {LineageModel::FromColumn, LineageModel::LossColumn}) m_view->resizeColumnToContents(column);
    setRun(m_run);
    if (before != members()) Q_EMIT membersChanged();
}

QStringList LineagePage::members() const
{
    QStringList runs;
    for (const LineageNode &node : m_model->nodes())
        if (!node.isGone) runs << node.id;
    return runs;
}

void LineagePage::setRun(const QString &run)
{
    m_run = run;
    const QModelIndex index = m_model->indexOf(run);
    if (!index.isValid() || m_view->currentIndex().siblingAtColumn(0) == index) return;
    const QScopedValueRollback selecting(m_isSelecting, true);
    m_view->setCurrentIndex(index);
}

QString LineagePage::run() const { return m_view->currentIndex().data(LineageModel::RunRole).toString(); }

QString LineagePage::summary() const
{
    const auto &nodes = m_model->nodes();
    if (nodes.empty()) return tr("None of the chosen runs was branched.");
    const auto numBranches = std::count_if(nodes.begin(), nodes.end(), [](const LineageNode &node) { return node.parent >= 0; });
    const auto numFamilies = std::count_if(nodes.begin(), nodes.end(), [](const LineageNode &node) { return node.parent < 0; });
    return tr("%1 in %2").arg(counted(numBranches, tr("1 branch"), tr("%1 branches")),
                              counted(numFamilies, tr("1 family"), tr("%1 families")));
}

} // namespace orrery::ui
