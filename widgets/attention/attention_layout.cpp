// SPDX-License-Identifier: GPL-3.0-or-later
// What the attention panel is made of, where it stands and what leads to what.
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/asked_base.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/bar_list.h"
#include "widgets/attention/flow_history.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/maps_question.h"
#include "widgets/attention/modality_page.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/probe_prompts.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/attention/starred_heads.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/banner.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/column_scroll.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_action.h"
#include "widgets/common/tone_label.h"
#include "widgets/common/wrapped_label.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSmallestShown = 150; ///< of strip, heads and map together

} // namespace

void AttentionPanel::makeParts()
{
    m_prompts = new PromptBar(this);
    m_strip = new TokenStrip(this);
    m_mediaNote = new ElidedLabel(QString(), Tone::Secondary, TypeSize::Small, this);
    m_mediaNote->setObjectName(u"mediaNote"_s);
    m_mediaNote->hide();
    m_saidNote = new WrappedLabel(Tone::Secondary, TypeSize::Small, this);
    m_saidNote->setObjectName(u"saidNote"_s);
    m_saidNote->hide();
    m_stage = new AttentionStage(this);
    m_scrubber = new Scrubber(*m_feed, this);
    m_empty = new EmptyState(QString(), QString(), this);
    m_empty->setObjectName(u"attentionEmpty"_s);
    m_emptyAsk = m_empty->addButton(tr("Ask the model now"));
    m_emptyAsk->setObjectName(u"emptyAsk"_s);
    m_emptyNewRun = m_empty->addPlainButton(tr("New run"));
    m_emptyNewRun->setObjectName(u"emptyNewRun"_s);

    m_note = new ToneLabel(
        tr("Attention shows where a head reads, not why the model answers. Try it without this head."),
        Tone::Secondary, TypeSize::Base, this);
    m_note->setObjectName(u"attentionNote"_s);
    m_note->setWordWrap(true);
    m_note->setMinimumWidth(120);
    m_ablate = new QPushButton(tr("Without this head"), this);
    m_ablate->setObjectName(u"ablate"_s);
    m_ablate->setToolTip(tr("Computes what the model would say next if this head gave nothing (W)"));
    m_backToKept = new QPushButton(tr("Back to the kept steps"), this);
    m_backToKept->setObjectName(u"backToKept"_s);

    auto *noteRow = new QHBoxLayout;
    noteRow->setSpacing(space::kOne);
    noteRow->addWidget(m_note, 1);
    noteRow->addWidget(m_backToKept);
    noteRow->addWidget(m_ablate);
    auto *shown = new QWidget(this);
    auto *shownLayout = new QVBoxLayout(shown);
    shownLayout->setContentsMargins(0, 0, 0, 0);
    shownLayout->setSpacing(space::kOne);
    shownLayout->addWidget(m_strip);
    shownLayout->addWidget(m_mediaNote);
    shownLayout->addWidget(m_saidNote);
    shownLayout->addWidget(m_stage, 1);
    shownLayout->addLayout(noteRow);

    // What does not fit into a low window scrolls; the text that is asked about and the steps stay in sight.
    auto *scroll = new ColumnScroll(this);
    scroll->setObjectName(u"attentionScroll"_s);
    scroll->setAccessibleName(tr("Attention"));
    scroll->setColumn(shown);
    scroll->setMinimumHeight(kSmallestShown);
    m_pages = new QStackedWidget(this);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(scroll);
    m_foot = new QWidget(this);
    auto *footLayout = new QVBoxLayout(m_foot);
    footLayout->setContentsMargins(0, 0, 0, 0);
    footLayout->setSpacing(space::kOne);
    footLayout->addWidget(makeSeparator(m_foot));
    footLayout->addWidget(m_scrubber);

    auto *content = new QWidget(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_prompts);
    layout->addWidget(m_pages, 1);
    layout->addWidget(m_foot);
    setContent(content);
    makeTitleRow();
}

void AttentionPanel::makeTitleRow()
{
    m_crumbs = new Breadcrumbs(this);
    m_crumbs->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setTitleVisible(false); // the path begins with it
    m_state = new ElidedLabel(QString(), Tone::Secondary, TypeSize::Base, this);
    m_state->setObjectName(u"attentionState"_s);
    m_state->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    addTitleWidget(m_crumbs);
    addTitleWidget(m_state);
    m_beside = new QToolButton(this);
    m_beside->setObjectName(u"showBeside"_s);
    m_beside->setText(tr("Beside"));
    m_beside->setCheckable(true);
    m_beside->setProperty("toggle", true);
    m_beside->setToolTip(tr("A second run or step beside this one (2)"));
    m_beside->setAccessibleName(tr("Show a second run or step beside this one"));
    m_beside->hide(); // whoever has a place for a second panel shows it
    addTitleWidget(m_beside);
    connect(m_beside, &QToolButton::clicked, this, &AttentionPanel::besideRequested);
}

void AttentionPanel::connectParts()
{
    connect(m_feed, &FrameFeed::listChanged, this, &AttentionPanel::scheduleRefresh);
    connect(m_feed, &FrameFeed::placeChanged, this, &AttentionPanel::scheduleRefresh);
    connect(m_feed, &FrameFeed::shownChanged, this, [this] {
        m_keptShown = m_feed->shown();
        if (m_failed == Failed::Frames && m_keptShown) {
            m_failed = Failed::None;
            banner()->clear();
        }
        scheduleRefresh();
    });
    connect(m_feed, &FrameFeed::skipped, this, [this](qint64 step) {
        banner()->showMessage(
            BannerKind::Info,
            tr("Step %1 was thinned out meanwhile; the nearest kept step is shown.").arg(integerText(step)));
        m_failed = Failed::None;
    });
    connect(m_feed, &FrameFeed::failed, this, [this](const Error &error) {
        m_failed = Failed::Frames;
        banner()->showError(error, tr("Retry"));
        scheduleRefresh();
    });
    connect(banner(), &Banner::retryRequested, this, [this] {
        banner()->clear();
        const Failed what = std::exchange(m_failed, Failed::None);
        if (what == Failed::Frames)
            m_feed->retry();
        else if (what == Failed::Question)
            m_question->retry();
        else if (what == Failed::Ablation)
            m_ablationQuestion->retry();
        else if (what == Failed::Base)
            m_askedBase->retry();
        else if (what == Failed::Keeping)
            m_probes->takeBack(m_keptText);
    });
    connect(m_scrubber, &Scrubber::touched, this, &AttentionPanel::backToKept);
    connect(m_scrubber, &Scrubber::differenceChosen, this, &AttentionPanel::setDifference);
    connect(m_prompts, &PromptBar::promptChosen, this, &AttentionPanel::onPromptChosen);
    connect(m_prompts, &PromptBar::modelChosen, this, &AttentionPanel::scheduleRefresh);
    connect(m_prompts, &PromptBar::askRequested, this, &AttentionPanel::askModel);
    connect(m_prompts, &PromptBar::cancelRequested, m_question, &MapsQuestion::cancel);
    connect(m_prompts, &PromptBar::ownTextCut, this, [this] {
        banner()->showMessage(BannerKind::Warning, tr("The text was cut: at most %1 letters stand here.").arg(integerText(PromptBar::kMaxOwnText)),
                              tr("Read a longer one in parts."));
    });
    connect(m_emptyAsk, &QPushButton::clicked, this, &AttentionPanel::askModel);
    connect(m_emptyNewRun, &QPushButton::clicked, this, &AttentionPanel::newRunRequested);
    connect(m_backToKept, &QPushButton::clicked, this, &AttentionPanel::backToKept);
    connect(m_ablate, &QPushButton::clicked, this, &AttentionPanel::ablate);
    connect(m_crumbs, &Breadcrumbs::chosen, this, [this](int level) {
        AttentionPlace next = place();
        if (level < 2) next.level = StageLevel::Overview;
        if (level < 2) next.overlay.clear();
        next.pinnedToken = -1;
        goTo(next);
    });
    connect(m_stars, &StarredHeads::read, this, [this](const std::vector<RunEvent> &events) {
        if (m_documents.take(events)) scheduleRefresh();
    });
    connect(m_stars, &StarredHeads::changed, this, &AttentionPanel::scheduleRefresh);
    connect(m_stars, &StarredHeads::failed, this, [this](const Error &error) {
        m_failed = Failed::None;
        banner()->showError(error);
    });
    connect(m_stars, &StarredHeads::noted, this, [this] {
        copyToClipboard(m_stars->settingText());
        banner()->showMessage(
            BannerKind::Info,
            tr("This run does not train, so no more of its heads is kept. Copied for a new run: %1")
                .arg(m_stars->settingText()));
    });
    connect(m_crumbs, &Breadcrumbs::backRequested, this, [this] { moveInHistory(-1); });
    connect(m_crumbs, &Breadcrumbs::forwardRequested, this, [this] { moveInHistory(1); });
}

void AttentionPanel::connectStage()
{
    OverviewPage *overview = m_stage->overview();
    connect(overview, &OverviewPage::sortChanged, this, &AttentionPanel::scheduleRefresh);
    connect(overview, &OverviewPage::overlayRequested, this, &AttentionPanel::openOverlay);
    connect(overview->view(), &OverviewView::opened, this, &AttentionPanel::openHead);
    connect(overview->view(), &OverviewView::currentChanged, this, [this](const HeadRef &head) {
        // With the map beside the overview it follows the arrows.
        AttentionPlace next = place();
        if (next.head == head) return;
        next.head = head;
        next.overlay.clear();
        replacePlace(next);
    });
    HeadPage *head = m_stage->head();
    connect(head, &HeadPage::choicesChanged, this, [this] {
        scheduleRefresh();
        Q_EMIT lookChanged();
    });
    connect(head->view(), &HeadView::figureChanged, this, [this] {
        refreshChoices();
        refreshPinned();
    });
    connect(head->view(), &HeadView::shownTokensChanged, this, [this] { m_cellsTimer.start(); });
    connect(head->view(), &HeadView::cursorChanged, this, &AttentionPanel::refreshRow);
    connect(head->view(), &HeadView::rowPinned, this, [this](int row) {
        const HeadFigure &figure = m_stage->head()->view()->figure();
        AttentionPlace next = place();
        next.level = StageLevel::Head;
        next.pinnedToken = row < 0 ? -1 : int(figure.content().heads.front().rows[size_t(row)].end) - 1;
        goTo(next);
    });
    connect(m_stage->side(), &HeadSide::columnChosen, this, [this](int column) {
        HeadView *view = m_stage->head()->view();
        view->setCursorCell({view->activeRow(), column});
    });
    connect(m_strip, &TokenStrip::chosen, this, &AttentionPanel::pinToken);
    ModalityPage *modalities = m_stage->modalities();
    connect(overview, &OverviewPage::modalitiesRequested, this, [this] { setLevel(StageLevel::Modalities); });
    connect(modalities, &ModalityPage::headsRequested, this, [this] { setLevel(StageLevel::Overview); });
    connect(modalities->view(), &ModalityView::opened, this, &AttentionPanel::openHead);
    connect(modalities->view(), &ModalityView::currentChanged, this, [this](const HeadRef &one) {
        AttentionPlace next = place();
        next.head = one;
        replacePlace(next);
    });
    connect(m_flows, &FlowHistory::changed, this, [this] {
        if (place().level == StageLevel::Modalities) scheduleRefresh();
    });
    connect(this, &AttentionPanel::placeChanged, m_flows,
            [this] { m_flows->setActive(isVisible() && place().level == StageLevel::Modalities); });
}

void AttentionPanel::makeShortcuts()
{
    const auto add = [this](const QString &text, const char *name, const QKeySequence &keys, auto action) {
        addPanelAction(*this, text, name, {keys}, action);
    };
    const auto step = [this](int by) {
        backToKept();
        m_feed->goTo(m_feed->index() + by);
    };
    add(tr("Step before"), "attentionStepBefore", Qt::Key_Comma, [step] { step(-1); });
    add(tr("Step after"), "attentionStepAfter", Qt::Key_Period, [step] { step(1); });
    add(tr("Play the kept steps"), "attentionPlay", Qt::Key_P, [this] {
        backToKept();
        m_feed->setPlaying(!m_feed->isPlaying());
    });
    add(tr("Follow the training"), "attentionFollow", Qt::Key_L, [this] {
        backToKept();
        m_feed->follow();
    });
    add(tr("Difference to the chosen step"), "attentionDifference", Qt::Key_D,
        [this] { setDifference(!m_isDifference); });
    add(tr("Compare from here"), "attentionBase", Qt::Key_B, [this] { m_feed->setBase(m_feed->index()); });
    add(tr("Between modalities"), "attentionModalities", Qt::Key_M, [this] {
        const bool isThere = place().level == StageLevel::Modalities;
        const SnapshotPtr now = snapshot();
        if (isThere || (now && modalitiesOf(now->report.tokens).size() > 1))
            setLevel(isThere ? StageLevel::Overview : StageLevel::Modalities);
    });
    add(tr("Two beside each other"), "attentionBeside", Qt::Key_2, [this] { Q_EMIT besideRequested(); });
    add(tr("Lay the selected heads over each other"), "attentionOverlay", Qt::Key_O,
        [this] { openOverlay(); });
    add(tr("What without this head"), "attentionWithout", Qt::Key_W, [this] { ablate(); });
    m_star =
        addPanelAction(*this, tr("Star this head"), "attentionStar", {Qt::Key_S}, [this] { toggleStars(); });
    bindIcon(m_star, u"star"_s);
    m_keep = addPanelAction(*this, tr("Keep steps of this text while the run trains"), "attentionKeep", {Qt::Key_K}, [this] { keepText(); });
    m_stage->head()->setStarAction(m_star);
    add(tr("Head before"), "attentionHeadBefore", Qt::Key_BracketLeft, [this] { stepHead(-1); });
    add(tr("Head after"), "attentionHeadAfter", Qt::Key_BracketRight, [this] { stepHead(1); });
    add(tr("Back"), "attentionBack", QKeySequence(Qt::ALT | Qt::Key_Left), [this] { moveInHistory(-1); });
    add(tr("Forward"), "attentionForward", QKeySequence(Qt::ALT | Qt::Key_Right),
        [this] { moveInHistory(1); });
}

} // namespace orrery::ui
