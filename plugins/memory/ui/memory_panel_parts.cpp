// SPDX-License-Identifier: GPL-3.0-or-later
// What the panel is made of, and how its parts are joined.
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_accessible.h"
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_learning.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/memory_strip.h"
#include "plugins/memory/ui/memory_table.h"
#include "plugins/memory/ui/reads_pane.h"
#include "plugins/memory/ui/similarity_page.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/attention/model_question.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/banner.h"
#include "widgets/common/current_stack.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/unit_line_edit.h"
#include "widgets/play/model_chooser.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

/// A page of a splitter with texts that may take several lines: splitters and scroll areas do not ask how
/// high something is at its width, so that the texts would take their lines from what stands below.
class WrappedPage : public QWidget {
public:
    using QWidget::QWidget;

protected:
    bool event(QEvent *event) override
    {
        const bool isTaken = QWidget::event(event);
        if ((event->type() == QEvent::Resize || event->type() == QEvent::LayoutRequest) && layout())
            setMinimumHeight(std::max(0, layout()->minimumHeightForWidth(width())));
        return isTaken;
    }
};

} // namespace

MemoryPanel::MemoryPanel(ui::EngineSession &session, QWidget *parent)
    : PanelFrame(QString(), parent), m_session(session), m_feed(new MemoryFeed(session, this)),
      m_events(new MemoryModel(this)), m_preview(new ui::ModelQuestion(session, this)),
      m_namesQuestion(new ui::ModelQuestion(session, this))
{
    installMemoryAccessible();
    setObjectName(u"memoryPanel"_s);
    setAccessibleName(tr("Memory")); // the dock's title bar says it
    setMinimumSize(330, 164);        // the title row with its tools; title and a hundred pixels of what scrolls
    makeActions();
    makeTitle();
    auto *content = new QWidget(this);
    content->setObjectName(u"memoryContent"_s);
    auto *column = m_column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kOne);
    m_chooserBox = makeChooser();
    m_titleSlot->layout()->addWidget(m_chooserBox);
    m_cards = new TierCards(content);
    m_cards->setSemanticAction(m_consolidate);
    column->addWidget(m_cards);
    m_training = new ui::ToneLabel({}, ui::Tone::Secondary, ui::TypeSize::Base, content);
    m_training->setObjectName(u"memoryTraining"_s);
    m_training->setWordWrap(true);
    m_training->setTextFormat(Qt::PlainText);
    m_training->setTextInteractionFlags(Qt::TextSelectableByMouse);
    column->addWidget(m_training);
    m_learning = new MemoryLearning(session, content);
    column->addWidget(m_learning);
    m_splitter = new QSplitter(content);
    m_splitter->setObjectName(u"memorySplitter"_s);
    m_splitter->setChildrenCollapsible(false);
    m_splitter->setHandleWidth(ui::space::kTwo);
    m_splitter->addWidget(makeLeft());
    m_splitter->addWidget(makeRight());
    m_splitter->setStretchFactor(0, 3);
    m_splitter->setStretchFactor(1, 2);
    column->addWidget(m_splitter, 1);
    setContent(scrolled(content));
    setTitleVisible(false); // the chooser stands in its place
    connectParts();
    makeTools();
    takeModel();
}

/// In a low dock everything below the title scrolls, instead of standing one on the other.
QWidget *MemoryPanel::scrolled(QWidget *content)
{
    auto *scroll = new QScrollArea(this);
    scroll->setObjectName(u"memoryScroll"_s);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(content);
    content->setAutoFillBackground(false); // setWidget() switches it on
    content->setMinimumWidth(1);           // never wider than what is in sight: names are cut instead
    scroll->viewport()->setAutoFillBackground(false);
    return scroll;
}

void MemoryPanel::makeTitle()
{
    m_titleSlot = new QWidget(this);
    m_titleSlot->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    auto *slot = new QHBoxLayout(m_titleSlot);
    slot->setContentsMargins(0, 0, ui::space::kOne, 0);
    addTitleWidget(m_titleSlot);
    m_asOf = new ui::ToneLabel({}, ui::Tone::Secondary, ui::TypeSize::Small, this);
    m_asOf->setObjectName(u"memoryAsOf"_s);
    addTitleWidget(m_asOf);
    m_undo = addTitleButton(u"undo"_s, tr("Undo the last change (Ctrl+Z)"));
    m_undo->setObjectName(u"undoEdit"_s);
    m_refresh = addTitleButton(u"refresh"_s, tr("Ask the model again (F5)"));
    m_refresh->setObjectName(u"refreshMemory"_s);
    m_file = addTitleButton(u"archive"_s, tr("Save, load or consolidate the memory"));
    m_file->setObjectName(u"memoryFile"_s);
    m_file->setPopupMode(QToolButton::InstantPopup);
    auto *menu = new QMenu(m_file);
    menu->addActions({m_saveState, m_loadState});
    menu->addSeparator();
    menu->addAction(m_consolidate);
    menu->setToolTipsVisible(true);
    m_file->setMenu(menu);
}

QWidget *MemoryPanel::makeChooser()
{
    auto *box = new QWidget(this);
    m_chooser = new ui::ModelChooser(m_session, box);
    m_typed = new ui::UnitLineEdit({}, box);
    m_typed->setObjectName(u"typedModel"_s);
    m_typed->setAccessibleName(tr("Model by name or path"));
    m_typed->setPlaceholderText(tr("RUN, RUN@step or /path/to/model; Enter opens it"));
    m_typed->setToolTip(m_typed->placeholderText()); // it has no room in every place
    m_typedError = new ui::ToneLabel({}, ui::Tone::Error, ui::TypeSize::Small, box);
    m_typedError->setObjectName(u"typedModelError"_s);
    m_typedError->setWordWrap(true);
    m_typedError->setTextFormat(Qt::PlainText);
    m_typedError->hide();
    m_type = ui::makeIconButton(u"edit"_s, tr("Type the name or path of a model"), box);
    m_type->setObjectName(u"typeModel"_s);
    m_type->setCheckable(true);
    m_typed->hide();
    // In a narrow dock the names may be cut; their hovers are not.
    m_chooser->runBox()->setMinimumContentsLength(3);
    m_chooser->runBox()->setMinimumWidth(0);
    m_chooser->stepBox()->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_chooser->stepBox()->setMinimumContentsLength(3);
    m_chooser->stepBox()->setMinimumWidth(0);
    if (auto *boxes = qobject_cast<QBoxLayout *>(m_chooser->layout())) {
        boxes->setStretch(0, 20);
        boxes->setStretch(1, 20);
    }
    auto *row = new QHBoxLayout;
    row->setSpacing(ui::space::kHalf);
    row->addWidget(m_chooser, 1);
    row->addWidget(m_typed, 1);
    row->addWidget(m_type, 0, Qt::AlignRight);
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kHalf);
    column->addLayout(row);
    column->addWidget(m_typedError);
    return box;
}

QWidget *MemoryPanel::makeLeft()
{
    m_left = new ui::CurrentStack(this);
    auto *page = new WrappedPage(m_left);
    m_bar = new OccupancyBar(page);
    m_occupancy = new ui::ToneLabel({}, ui::Tone::Text, ui::TypeSize::Base, page);
    m_occupancy->setObjectName(u"occupancyText"_s);
    m_counts = new ui::ToneLabel({}, ui::Tone::Secondary, ui::TypeSize::Base, page);
    m_counts->setObjectName(u"occupancyCounts"_s);
    m_refusal = new ui::ToneLabel({}, ui::Tone::Warning, ui::TypeSize::Base, page);
    m_refusal->setObjectName(u"memoryRefusal"_s);
    m_note = new ui::ToneLabel({}, ui::Tone::Warning, ui::TypeSize::Base, page);
    m_note->setObjectName(u"memoryNote"_s);
    for (ui::ToneLabel *label : {m_occupancy, m_counts, m_refusal, m_note}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    m_strip = new MemoryStrip(m_events, page);
    m_filter = new QLineEdit(page);
    m_filter->setObjectName(u"memoryFilter"_s);
    m_filter->setPlaceholderText(tr("Filter by text or source"));
    m_filter->setAccessibleName(tr("Filter by text or source"));
    m_filter->setToolTip(tr("Filter by text or source"));
    m_filter->setClearButtonEnabled(true);
    m_shownCount = new ui::ToneLabel({}, ui::Tone::Secondary, ui::TypeSize::Small, page);
    m_shownCount->setObjectName(u"shownCount"_s);
    m_table = new MemoryTable(m_events, page);
    m_table->setMinimumHeight(84); // the titles and two events
    m_similarity = new SimilarityPage(page);
    m_views = new ui::SegmentedChoice(page);
    m_views->setObjectName(u"memoryViews"_s);
    m_views->setAccessibleName(tr("How the events are shown"));
    m_views->addChoice(u"table"_s, tr("Table"), tr("The events with their numbers"));
    m_views->addChoice(u"likeness"_s, tr("Likeness"), tr("How alike the events are, as a map"));
    m_views->setCurrent(u"table"_s);
    m_viewStack = new ui::CurrentStack(page);
    m_viewStack->addWidget(m_table);
    m_viewStack->addWidget(m_similarity);

    auto *counts = m_countsRow = new QBoxLayout(QBoxLayout::LeftToRight);
    counts->setSpacing(ui::space::kOne);
    counts->addWidget(m_occupancy, 1);
    counts->addWidget(m_counts, 1);
    auto *filter = new QHBoxLayout;
    filter->setSpacing(ui::space::kOne);
    filter->addWidget(m_views);
    filter->addWidget(m_filter, 1);
    filter->addWidget(m_shownCount);
    auto *column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kHalf);
    column->addWidget(m_bar);
    column->addLayout(counts);
    column->addWidget(m_note);
    column->addWidget(m_refusal);
    column->addWidget(m_strip);
    column->addLayout(filter);
    column->addWidget(m_viewStack, 1);
    m_left->addWidget(page);

    m_empty = new ui::EmptyState({}, {}, m_left);
    m_empty->setObjectName(u"memoryEmpty"_s);
    m_emptyOpen = m_empty->addPlainButton(tr("Open a model directory"));
    m_emptyOpen->setObjectName(u"emptyOpen"_s);
    m_emptyRead = m_empty->addPlainButton(tr("Let it read a text"));
    m_emptyRead->setObjectName(u"emptyRead"_s);
    m_emptyAgain = m_empty->addPlainButton(tr("Look again"));
    m_emptyAgain->setObjectName(u"emptyAgain"_s);
    m_left->addWidget(m_empty);
    return m_left;
}

QWidget *MemoryPanel::makeRight()
{
    auto *side = new QWidget(this);
    m_tabs = new ui::SegmentedChoice(side);
    m_tabs->setObjectName(u"memoryTabs"_s);
    m_tabs->addChoice(u"event"_s, tr("Event"), tr("The chosen event in full"));
    m_tabs->addChoice(u"whatif"_s, tr("What if"), tr("What the model would say without it"));
    m_tabs->addChoice(u"reads"_s, tr("What was read"),
                      tr("What the heads read from their memories at a token"));
    m_tabs->setCurrent(u"event"_s);
    m_right = new ui::CurrentStack(side);
    m_details = new EventDetails(m_names, m_lastReads, m_right);
    m_whatIf = new WhatIfPane(m_right);
    m_reads = new ReadsPane(*m_events, m_names, m_right);
    m_right->addWidget(m_details);
    m_right->addWidget(m_whatIf);
    m_right->addWidget(m_reads);
    side->setMinimumWidth(std::max(240, m_tabs->minimumSizeHint().width()));
    m_side = side;
    auto *column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(ui::space::kOne);
    m_crumbs = new ui::Breadcrumbs(side, ui::Breadcrumbs::Room::Wraps);
    m_crumbs->setHistoryVisible(false); // back and forward are the window's
    m_crumbs->hide();
    column->addWidget(m_crumbs);
    column->addWidget(m_tabs);
    column->addWidget(m_right, 1);
    return side;
}

void MemoryPanel::connectParts()
{
    connectChooser();
    connectViews();
    connectQuestions();
    connect(m_feed, &MemoryFeed::answered, this, &MemoryPanel::takeReport);
    connect(m_feed, &MemoryFeed::failed, this, &MemoryPanel::takeFailure);
    connect(m_feed, &MemoryFeed::stateChanged, this, &MemoryPanel::showState);
    connect(m_feed, &MemoryFeed::lookFailed, m_reads, &ReadsPane::showError);
    connect(m_feed, &MemoryFeed::wasRead, this, &MemoryPanel::refresh);
    connect(m_feed, &MemoryFeed::readFailed, m_reads, &ReadsPane::showError);
    connect(m_reads, &ReadsPane::lookRequested, this, &MemoryPanel::lookAtPrompt);
    connect(m_reads, &ReadsPane::cancelRequested, m_feed, &MemoryFeed::cancelLook);
    connect(m_reads, &ReadsPane::rememberRequested, this,
            [this] { m_feed->read(m_reads->prompt().toStdString()); });
    connect(m_events, &MemoryModel::modelReset, m_reads, &ReadsPane::namesChanged);
    connect(m_reads, &ReadsPane::slotActivated, this, [this](qint64 event, qint64 slot) {
        if (m_events->indexOfId(event) < 0) return; // forgotten since
        selectEvent(event);
        selectSlot(slot);
        m_tabs->button(u"event"_s)->click();
    });
    connect(m_reads, &ReadsPane::pageChanged, this, &MemoryPanel::stateChanged);
    connect(m_reads, &ReadsPane::promptChanged, this, [this] {
        m_whatIf->setUsualPrompt(m_reads->prompt());
        Q_EMIT stateChanged();
    });
    connect(m_details, &EventDetails::pinRequested, this, &MemoryPanel::pin);
    connect(m_details, &EventDetails::forgetRequested, this, &MemoryPanel::askToForget);
    connect(m_details, &EventDetails::editRequested, this, &MemoryPanel::apply);
    connect(m_details, &EventDetails::slotChosen, this, &MemoryPanel::selectSlot);
    connect(m_crumbs, &ui::Breadcrumbs::chosen, this, &MemoryPanel::goUpTo);
    connect(m_learning, &MemoryLearning::busyChanged, this, &MemoryPanel::enableActions);
    connect(m_learning, &MemoryLearning::talkRequested, this, &MemoryPanel::talkRequested);
    connect(m_undo, &QToolButton::clicked, this, &MemoryPanel::undo);
    connect(m_refresh, &QToolButton::clicked, this, &MemoryPanel::refresh);
    connect(banner(), &ui::Banner::retryRequested, this, &MemoryPanel::refresh);
    connect(m_emptyAgain, &QPushButton::clicked, this, &MemoryPanel::refresh);
    connect(m_emptyOpen, &QPushButton::clicked, m_chooser, &ui::ModelChooser::openModelDirectory);
    connect(m_emptyRead, &QPushButton::clicked, this, [this] {
        m_tabs->button(u"reads"_s)->click();
        m_reads->focusPrompt();
    });
    connect(&m_session, &ui::EngineSession::updated, this, &MemoryPanel::takeTraining);
    connect(&m_session, &ui::EngineSession::runsChanged, this, &MemoryPanel::showTraining);
    connect(&m_session, &ui::EngineSession::connectionChanged, this, [this] {
        if (isVisible()) refresh();
        lookAtFocus();
        showState();
    });
}

void MemoryPanel::connectChooser()
{
    connect(m_chooser, &ui::ModelChooser::changed, this, &MemoryPanel::takeModel);
    connect(m_chooser, &ui::ModelChooser::failed, this,
            [this](const Error &error) { banner()->showError(error, tr("Refresh")); });
    connect(m_type, &QToolButton::toggled, this, [this](bool isOn) {
        m_typed->setVisible(isOn);
        m_chooser->setVisible(!isOn && m_chooser->hasModels());
        m_typedError->hide();
        m_typed->setInvalid(false);
        if (!isOn) return;
        m_typed->setText(m_feed->model());
        m_typed->selectAll();
        m_typed->setFocus();
    });
    connect(m_typed, &QLineEdit::returnPressed, this, &MemoryPanel::openTypedModel);
}

void MemoryPanel::connectViews()
{
    connect(m_tabs, &ui::SegmentedChoice::chosen, this, [this](const QString &id) {
        m_right->setCurrentIndex(id == u"event" ? 0 : id == u"whatif" ? 1 : 2);
        showEmptyState();
        lookAtFocus();
        Q_EMIT stateChanged();
    });
    connect(m_views, &ui::SegmentedChoice::chosen, this, [this](const QString &id) {
        m_viewStack->setCurrentIndex(id == u"table" ? 0 : 1);
        askSimilarity();
        Q_EMIT stateChanged();
    });
    const auto choose = [this](int index) {
        if (m_isTaking || index < 0) return;
        selectEvent(m_events->events()[static_cast<size_t>(index)].id);
    };
    connect(m_table, &MemoryTable::eventChosen, this, choose);
    connect(m_strip, &MemoryStrip::eventChosen, this, choose);
    const auto open = [this] {
        m_tabs->button(u"event"_s)->click();
        m_details->findChild<QPlainTextEdit *>()->setFocus();
    };
    connect(m_strip, &MemoryStrip::eventActivated, this, open);
    connect(m_table, &MemoryTable::activated, this, open);
    connect(m_events, &MemoryModel::shownChanged, this, [this] {
        if (m_isTaking) return;
        m_table->selectEvent(m_events->indexOfId(m_selectedId));
        showCounts();
    });
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString &text) {
        m_events->setFilter(text);
        Q_EMIT stateChanged();
    });
}

} // namespace orrery::memory_ui
