// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/runs/event_table.h"

#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/common/table_style.h"
#include "widgets/common/text_export.h"
#include "widgets/common/tone_label.h"
#include "widgets/runs/event_delegate.h"
#include "widgets/runs/event_model.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QScrollBar>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMinWidthForKind = 440;
constexpr int kMaxTallRows = 2'000; ///< the newest; older ones stay of one line

/// At its end no row stands half below the header: the room that is left is below the last one.
class EventView : public QTableView {
public:
    using QTableView::QTableView;

protected:
    void updateGeometries() override
    {
        QScrollBar *bar = verticalScrollBar();
        const int value = bar->value();
        QTableView::updateGeometries();
        const int end = bar->maximum();
        const int first = end > 0 ? verticalHeader()->visualIndexAt(end - verticalHeader()->offset()) : -1;
        const int position = first < 0 ? end : verticalHeader()->sectionPosition(first);
        if (position >= end) return;
        bar->setMaximum(position + verticalHeader()->sectionSize(first));
        bar->setValue(std::min(value, bar->maximum())); // which was cut above
    }
};

int paddedWidth(const QString &text)
{
    return QFontMetrics(typeFont(TypeSize::Base)).horizontalAdvance(text) + 2 * space::kOne + 2;
}

} // namespace

EventTable::EventTable(QWidget *parent)
    : QWidget(parent), m_model(new EventModel(this)), m_view(new EventView(this)),
      m_bar(new QWidget(this)), m_filter(new QLineEdit(m_bar)), m_kinds(new QComboBox(m_bar)),
      m_follow(makeIconButton(u"follow"_s, tr("Follow the end"), m_bar)), m_stack(new QStackedWidget(this)),
      m_empty(new EmptyState(QString(), QString(), this))
{
    m_view->setModel(m_model);
    m_view->setObjectName(u"eventTable"_s);
    m_view->setAccessibleName(tr("Events of the run"));
    styleTable(m_view);
    m_view->setItemDelegate(new EventDelegate(m_view));
    m_view->verticalHeader()->setDefaultSectionSize(EventDelegate::lineHeight());
    m_view->setColumnWidth(EventModel::TimeColumn, paddedWidth(u"00:00:00"_s));
    m_view->setColumnWidth(EventModel::KindColumn, paddedWidth(u"checkpoint"_s));
    fitColumns();

    m_filter->setPlaceholderText(tr("Filter events"));
    m_filter->setToolTip(m_filter->placeholderText()); // it may be cut in a narrow dock
    m_filter->setAccessibleName(tr("Filter events"));
    m_filter->setClearButtonEnabled(true);
    m_filter->setObjectName(u"eventFilter"_s);
    m_kinds->setAccessibleName(tr("Kind of event"));
    m_kinds->setObjectName(u"eventKind"_s);
    m_follow->setCheckable(true);
    m_follow->setChecked(true);
    m_follow->setObjectName(u"eventFollow"_s);
    auto *copyButton = makeIconButton(u"copy"_s, tr("Copy the selected events, or all shown"), m_bar);
    copyButton->setObjectName(u"eventCopy"_s);
    fillKinds();

    auto *bar = new QHBoxLayout(m_bar);
    bar->setContentsMargins(0, 0, 0, 0);
    bar->setSpacing(space::kHalf);
    bar->addWidget(m_filter, 1);
    bar->addWidget(m_kinds);
    bar->addWidget(m_follow);
    bar->addWidget(copyButton);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_empty);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_bar);
    layout->addWidget(m_stack, 1);

    auto *copyAction = new QAction(tr("Copy"), m_view);
    copyAction->setShortcut(QKeySequence::Copy);
    copyAction->setShortcutContext(Qt::WidgetShortcut);
    m_view->addAction(copyAction);
    m_view->setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(copyAction, &QAction::triggered, this, &EventTable::copy);
    connect(copyButton, &QToolButton::clicked, this, &EventTable::copy);
    connect(m_filter, &QLineEdit::textChanged, this, &EventTable::applyFilter);
    connect(m_kinds, &QComboBox::currentIndexChanged, this, &EventTable::applyFilter);
    connect(m_follow, &QToolButton::toggled, this, [this](bool isOn) {
        if (isOn) showEnd();
    });
    connect(m_view->verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        if (m_isScrollingItself) return;
        const QSignalBlocker blocker(m_follow);
        m_follow->setChecked(value >= m_view->verticalScrollBar()->maximum());
    });
    connect(m_model, &QAbstractItemModel::rowsInserted, this, [this](const QModelIndex &, int first) { fitRows(first); });
    connect(m_model, &QAbstractItemModel::dataChanged, this, [this](const QModelIndex &from) { fitRows(from.row()); });
    // While it is told, the header itself has the width of before.
    connect(m_view->horizontalHeader(), &QHeaderView::sectionResized, this, [this](int column, int, int width) {
        if (column != EventModel::TextColumn || std::exchange(m_textWidth, width) == width) return;
        fitRows(0);
        if (isFollowing()) showEnd();
    });
    setEmptyTexts(tr("No events yet"),
                  tr("Starts, checkpoints, settings, samples and errors of the run stand here."));
    updateState();
}

void EventTable::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    // In a narrow dock the message matters more than its kind, which the message says as well.
    m_isNarrow = width() < kMinWidthForKind;
    m_view->setColumnHidden(EventModel::KindColumn, m_isNarrow);
    fitColumns();
    fitRows(0);
    if (isFollowing()) showEnd();
}

void EventTable::takeBar() { static_cast<QVBoxLayout *>(layout())->insertWidget(0, m_bar); }

/// Steps of a wide table have room to grow, so that nothing moves; those of a narrow one are as wide as they are.
void EventTable::fitColumns()
{
    const int header = paddedWidth(tr("Step"));
    const int step = m_isNarrow ? std::max(header, paddedWidth(integerText(m_largestStep))) : paddedWidth(u"1,000,000"_s);
    if (m_view->columnWidth(EventModel::StepColumn) != step) m_view->setColumnWidth(EventModel::StepColumn, step);
}

void EventTable::fitRows(int first)
{
    const int numRows = m_model->rowCount();
    QHeaderView *rows = m_view->verticalHeader();
    for (int row = m_isNarrow ? std::max(first, numRows - kMaxTallRows) : first; row < numRows; ++row) {
        const int height = m_isNarrow ? EventDelegate::heightOf(m_model->index(row, EventModel::TextColumn).data().toString(), m_textWidth)
                                      : EventDelegate::lineHeight();
        if (rows->sectionSize(row) != height) rows->resizeSection(row, height);
    }
}

void EventTable::fillKinds()
{
    m_kinds->addItem(tr("All kinds"), -1);
    for (EventKind kind : {EventKind::Started, EventKind::Resumed, EventKind::Paused, EventKind::Continued,
                           EventKind::Checkpoint, EventKind::CheckpointDeleted, EventKind::Setting,
                           EventKind::Sample, EventKind::NonFinite, EventKind::Warning, EventKind::Finished,
                           EventKind::Stopped, EventKind::Failed, EventKind::Note, EventKind::Breakpoint,
                           EventKind::Alarm, EventKind::EarlyStop})
        m_kinds->addItem(eventKindText(kind), static_cast<int>(kind));
}

bool EventTable::isFollowing() const { return m_follow->isChecked(); }

void EventTable::applyFilter()
{
    m_isScrollingItself = true;
    m_model->setFilter(m_filter->text().trimmed(), m_kinds->currentData().toInt());
    m_isScrollingItself = false;
    updateState();
    if (isFollowing()) showEnd();
}

void EventTable::setEmptyTexts(const QString &title, const QString &sentence)
{
    m_empty->setTexts(title, sentence);
}

void EventTable::appendEvents(const std::vector<RunEvent> &events)
{
    const bool isFollowing = this->isFollowing();
    const int64_t largest = m_largestStep;
    for (const RunEvent &event : events) m_largestStep = std::max(m_largestStep, event.step);
    m_isScrollingItself = true;
    if (m_largestStep != largest) fitColumns();
    m_model->appendEvents(events);
    m_isScrollingItself = false;
    updateState();
    if (isFollowing) showEnd();
}

void EventTable::clear()
{
    m_isScrollingItself = true;
    m_model->clear();
    m_largestStep = 0;
    fitColumns();
    m_isScrollingItself = false;
    m_follow->setChecked(true);
    updateState();
}

void EventTable::showEnd()
{
    m_isScrollingItself = true;
    m_view->scrollToBottom();
    m_isScrollingItself = false;
}

void EventTable::updateState()
{
    m_stack->setCurrentWidget(m_model->numEvents() == 0 ? static_cast<QWidget *>(m_empty) : m_view);
    m_kinds->setEnabled(m_model->numEvents() > 0);
}

QString EventTable::copyText() const
{
    QList<int> rows;
    for (const QModelIndex &index : m_view->selectionModel()->selectedRows()) rows.append(index.row());
    if (rows.isEmpty())
        for (int row = 0; row < m_model->rowCount(); ++row) rows.append(row);
    std::sort(rows.begin(), rows.end());
    QString text = tr("time\tstep\tkind\ttext") + u'\n';
    for (int row : std::as_const(rows)) {
        const RunEvent &event = m_model->event(row);
        text += m_model->index(row, EventModel::TimeColumn).data().toString() + u'\t' +
                QString::number(event.step) + u'\t' + eventKindText(event.kind) + u'\t' +
                m_model->index(row, EventModel::TextColumn).data().toString() + u'\n';
    }
    return text;
}

QString EventTable::csv() const
{
    QString text = csvLine({u"unix_seconds"_s, u"step"_s, u"attempt"_s, u"kind"_s, u"text"_s});
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const RunEvent &event = m_model->event(row);
        text += csvLine({csvNumber(event.wallTime), QString::number(event.step), QString::number(event.attempt),
                         QLatin1String(eventKindName(event.kind)), fromStd(event.text)});
    }
    return text;
}

int EventTable::kind() const { return m_kinds->currentData().toInt(); }

void EventTable::setKind(int kind)
{
    if (const int row = m_kinds->findData(kind); row >= 0) m_kinds->setCurrentIndex(row);
}

void EventTable::copy() { copyToClipboard(copyText()); }

} // namespace orrery::ui
