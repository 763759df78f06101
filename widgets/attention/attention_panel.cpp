// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/attention_export.h"
#include "widgets/attention/bar_list.h"
#include "widgets/attention/breadcrumbs.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/banner.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_spec_json.h"
#include "widgets/common/run_text.h"
#include "widgets/theme/theme.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QKeyEvent>
#include <QPushButton>
#include <QToolButton>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kRefreshMs = 12; ///< several signals of one event become one picture
constexpr int kAgeMs = 1'000;
constexpr size_t kMaxHistory = 100;

bool isRunLive(const RunStatus &status) { return isLiveState(status.state); }

} // namespace

AttentionPanel::AttentionPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Attention"), parent), m_session(session), m_feed(new FrameFeed(session, this)),
      m_question(new ModelQuestion(session, this)), m_ablationQuestion(new ModelQuestion(session, this))
{
    setObjectName(u"attentionPanel"_s);
    makeParts();
    makeShortcuts();
    m_refreshTimer.setSingleShot(true);
    m_refreshTimer.setInterval(kRefreshMs);
    m_refreshTimer.setTimerType(Qt::PreciseTimer);
    connect(&m_refreshTimer, &QTimer::timeout, this, &AttentionPanel::refresh);
    m_ageTimer.setInterval(kAgeMs);
    connect(&m_ageTimer, &QTimer::timeout, m_scrubber, &Scrubber::refreshAge);
    connectParts();
    connectQuestions();
    refresh();
}

AttentionPanel::~AttentionPanel()
{
    // What the members send while they go would find a panel that is half gone.
    for (QObject *one : std::initializer_list<QObject *>{m_feed, m_question, m_ablationQuestion})
        one->disconnect(this);
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
    });
    connect(m_scrubber, &Scrubber::touched, this, &AttentionPanel::backToKept);
    connect(m_scrubber, &Scrubber::differenceChosen, this, &AttentionPanel::setDifference);
    connect(m_prompts, &PromptBar::promptChosen, this, &AttentionPanel::onPromptChosen);
    connect(m_prompts, &PromptBar::askRequested, this, &AttentionPanel::askModel);
    connect(m_prompts, &PromptBar::cancelRequested, m_question, &ModelQuestion::cancel);
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
    connect(m_crumbs, &Breadcrumbs::backRequested, this, [this] { moveInHistory(-1); });
    connect(m_crumbs, &Breadcrumbs::forwardRequested, this, [this] { moveInHistory(1); });

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
    connect(head, &HeadPage::choicesChanged, this, &AttentionPanel::scheduleRefresh);
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
    connect(&m_session, &EngineSession::runsChanged, this, &AttentionPanel::readStatus);
    connect(&m_session, &EngineSession::updated, this, [this](const RunUpdate &update) {
        if (update.run != m_run || m_run.isEmpty() || update.status.id.empty()) return;
        const bool isNews = m_status.state != update.status.state ||
                            m_status.lastCheckpointStep != update.status.lastCheckpointStep;
        const bool hasFirstFrame = m_status.lastFrameId == 0 && update.status.lastFrameId > 0;
        m_status = update.status;
        if (isNews)
            readRun();
        else if (hasFirstFrame && isVisible() && m_prompts->hasPrompts())
            findValidationText();
    });
}

void AttentionPanel::connectQuestions()
{
    const auto onState = [this] {
        m_prompts->setAsking(m_question->isAsking());
        scheduleRefresh();
    };
    connect(m_question, &ModelQuestion::stateChanged, this, onState);
    connect(m_question, &ModelQuestion::answered, this, [this](const InspectReport &report) {
        m_asked = snapshotOfReport(report);
        m_failed = Failed::None;
        banner()->clear();
        scheduleRefresh();
    });
    connect(m_question, &ModelQuestion::failed, this, [this](const Error &error) {
        m_failed = Failed::Question;
        banner()->showError(error, tr("Retry"));
    });
    connect(m_ablationQuestion, &ModelQuestion::stateChanged, this, &AttentionPanel::scheduleRefresh);
    connect(m_ablationQuestion, &ModelQuestion::answered, this, [this](const InspectReport &report) {
        QStringList names;
        for (const HeadRef &head : m_ablationQuestion->request().ablated) names << headTitle(head).toLower();
        m_ablation = Ablation{.heads = names.join(tr(" and ")),
                              .model = tr("%1, step %2").arg(fromStd(report.model), integerText(report.step)),
                              .divergence = report.changedDivergence,
                              .with = report.candidates,
                              .without = report.changed};
        scheduleRefresh();
    });
    connect(m_ablationQuestion, &ModelQuestion::failed, this, [this](const Error &error) {
        m_failed = Failed::Ablation;
        banner()->showError(error, tr("Retry"));
    });
}

void AttentionPanel::setRun(const QString &run)
{
    if (run == m_run) return;
    m_run = run;
    ++m_generation;
    m_question->cancel();
    dropAblation();
    m_asked = m_keptShown = nullptr;
    m_isOwnText = false;
    m_status = {};
    m_checkpoints.clear();
    m_history = {AttentionPlace{}};
    m_historyAt = 0;
    m_failed = Failed::None;
    banner()->clear();
    m_stage->overview()->view()->setSelected({});
    m_isPromptChosen = false;
    m_prompts->forgetPrompts();
    m_feed->setRun(run);
    readStatus();
    if (isVisible())
        readRun();
    else
        m_needsRefresh = true;
    scheduleRefresh();
}

void AttentionPanel::readStatus()
{
    for (const RunStatus &status : m_session.runs()) {
        if (fromStd(status.id) != m_run) continue;
        const bool isNews =
            m_status.state != status.state || m_status.lastCheckpointStep != status.lastCheckpointStep;
        m_status = status;
        if (isNews && isVisible()) readRun();
    }
    scheduleRefresh();
}

void AttentionPanel::readRun()
{
    if (m_run.isEmpty() || !isVisible()) return;
    readPrompts();
    m_prompts->setModels(m_run, isRunLive(m_status), m_checkpoints);
    m_session.listCheckpoints(m_run, this,
                              [this, generation = m_generation](Result<std::vector<CheckpointInfo>> answer) {
                                  if (generation != m_generation || !answer.ok())
                                      return; // the live weights stay
                                  m_checkpoints = std::move(answer).value();
                                  m_prompts->setModels(m_run, isRunLive(m_status), m_checkpoints);
                                  scheduleRefresh();
                              });
    scheduleRefresh();
}

void AttentionPanel::readPrompts()
{
    m_session.getSpec(m_run, this, [this, generation = m_generation](Result<QString> answer) {
        if (generation != m_generation || !answer.ok()) return;
        const Result<QString> spec = specTextOfRun(*answer);
        if (!spec.ok()) return;
        const QJsonObject root = QJsonDocument::fromJson(spec->toUtf8()).object();
        QStringList texts;
        for (const QJsonValue &one : root.value("probes"_L1).toObject().value("prompts"_L1).toArray())
            texts << one.toString();
        m_prompts->setPrompts(texts);
        findValidationText();
        scheduleRefresh();
    });
}

/// Prompts are often a few tokens long; the validation text shows heads at work, and is what is opened first.
void AttentionPanel::findValidationText()
{
    const int prompt = m_prompts->validationPrompt();
    if (m_prompts->isValidationKept() || prompt == 0) return; // without prompts it is the only one
    const FrameQuery query{.kind = FrameKind::Overview, .prompt = prompt, .afterId = 0, .maxFrames = 1};
    m_session.listFrames(
        m_run, query, this,
        [this, prompt, generation = m_generation](const Result<std::vector<FrameInfo>> &answer) {
            if (generation != m_generation || !answer.ok() || answer->empty() ||
                prompt != m_prompts->validationPrompt())
                return;
            m_prompts->setValidationKept(true);
            if (!m_isPromptChosen && !m_isOwnText && !m_asked && !m_question->isAsking()) {
                m_prompts->setPrompt(prompt);
                m_feed->setPrompt(prompt);
            }
            scheduleRefresh();
        });
}

void AttentionPanel::onPromptChosen(int prompt)
{
    m_isPromptChosen = true;
    m_question->cancel();
    m_asked = nullptr;
    m_isOwnText = prompt < 0;
    dropAblation();
    AttentionPlace next = place();
    next.pinnedToken = -1;
    replacePlace(next);
    if (prompt >= 0) m_feed->setPrompt(prompt);
    scheduleRefresh();
}

void AttentionPanel::backToKept()
{
    m_question->cancel();
    if (!m_asked && !m_isOwnText) return;
    m_asked = nullptr;
    if (std::exchange(m_isOwnText, false)) m_prompts->setPrompt(m_feed->prompt());
    dropAblation();
    scheduleRefresh();
}

void AttentionPanel::askModel()
{
    if (m_prompts->model().isEmpty() || m_prompts->text().isEmpty()) return;
    InspectRequest request;
    request.input.prompt = toStd(m_prompts->text());
    request.heads = openHeads();
    m_failed = Failed::None;
    banner()->clear();
    dropAblation();
    m_isPromptChosen = true;
    m_question->ask(m_prompts->model(), request);
}

void AttentionPanel::askForOpenHeads()
{
    if (!m_asked || m_question->isAsking()) return;
    const std::vector<HeadRef> heads = openHeads();
    const bool hasAll = std::all_of(heads.begin(), heads.end(), [this](const HeadRef &head) {
        return std::any_of(m_asked->report.maps.begin(), m_asked->report.maps.end(),
                           [&head](const AttentionMap &map) { return map.head == head; });
    });
    // A head that the question named and the answer lacks is not asked for again.
    if (hasAll || m_question->request().heads == heads) return;
    InspectRequest request = m_question->request();
    request.heads = heads;
    m_question->ask(m_question->model(), request);
}

void AttentionPanel::ablate()
{
    const QString model = m_asked ? m_question->model() : m_prompts->model();
    if (model.isEmpty() || !snapshot() || m_prompts->text().isEmpty()) return;
    if (place().level == StageLevel::Overview) openHead(place().head);
    InspectRequest request;
    request.input.prompt = m_asked ? m_question->request().input.prompt : toStd(m_prompts->text());
    request.wantsOverview = false;
    request.ablated = openHeads();
    request.token = place().pinnedToken;
    m_failed = Failed::None;
    m_ablation.reset();
    m_ablationQuestion->ask(model, request);
}

void AttentionPanel::dropAblation()
{
    m_ablation.reset();
    m_ablationQuestion->cancel();
}

void AttentionPanel::replacePlace(const AttentionPlace &next)
{
    AttentionPlace &here = m_history[size_t(m_historyAt)];
    if (here == next) return;
    if (here.head != next.head || here.overlay != next.overlay || here.pinnedToken != next.pinnedToken)
        dropAblation();
    here = next;
    scheduleRefresh();
}

void AttentionPanel::goTo(const AttentionPlace &next)
{
    if (place() == next) return;
    const AttentionPlace before = place();
    m_history.resize(size_t(m_historyAt) + 1);
    m_history.push_back(before);
    if (m_history.size() > kMaxHistory) m_history.erase(m_history.begin());
    m_historyAt = int(m_history.size()) - 1;
    replacePlace(next);
}

void AttentionPanel::moveInHistory(int by)
{
    const int next = m_historyAt + by;
    if (next < 0 || next >= std::ssize(m_history)) return;
    m_historyAt = next;
    dropAblation();
    scheduleRefresh();
}

void AttentionPanel::openHead(const HeadRef &head)
{
    AttentionPlace next = place();
    next.level = StageLevel::Head;
    next.head = head;
    next.overlay.clear();
    goTo(next);
    flush();
    m_stage->head()->view()->setFocus(Qt::OtherFocusReason);
}

void AttentionPanel::openOverlay()
{
    const std::vector<HeadRef> &selected = m_stage->overview()->view()->selected();
    if (selected.size() < 2) return;
    AttentionPlace next = place();
    next.level = StageLevel::Head;
    next.head = selected.front();
    next.overlay = selected;
    goTo(next);
    flush();
    m_stage->head()->view()->setFocus(Qt::OtherFocusReason);
}

void AttentionPanel::stepHead(int by)
{
    const OverviewScene &scene = m_stage->overview()->view()->scene();
    const int index = scene.indexOf(place().head);
    if (index < 0) return;
    AttentionPlace next = place();
    next.head = scene.tiles()[size_t(std::clamp(index + by, 0, int(scene.tiles().size()) - 1))].head;
    next.overlay.clear();
    goTo(next);
}

void AttentionPanel::up()
{
    AttentionPlace next = place();
    if (next.pinnedToken >= 0)
        next.pinnedToken = -1;
    else if (next.level == StageLevel::Head) {
        next.level = StageLevel::Overview;
        next.overlay.clear();
    }
    goTo(next);
    if (next.level == StageLevel::Overview) {
        flush();
        m_stage->overview()->view()->setFocus(Qt::OtherFocusReason);
    }
}

void AttentionPanel::pinToken(int token)
{
    AttentionPlace next = place();
    next.pinnedToken = token == next.pinnedToken ? -1 : token;
    if (next.pinnedToken >= 0) next.level = StageLevel::Head;
    goTo(next);
}

void AttentionPanel::setDifference(bool isDifference)
{
    m_isDifference = isDifference;
    m_scrubber->setDifference(isDifference);
    scheduleRefresh();
}

void AttentionPanel::scheduleRefresh()
{
    m_needsRefresh = true;
    if (isVisible() && !m_refreshTimer.isActive()) m_refreshTimer.start();
}

void AttentionPanel::flush()
{
    if (m_needsRefresh && isVisible()) refresh();
}

void AttentionPanel::keyPressEvent(QKeyEvent *event)
{
    const bool canGoUp = place().level == StageLevel::Head || place().pinnedToken >= 0;
    if (event->key() == Qt::Key_Escape && m_question->isAsking()) return m_question->cancel();
    if (event->key() == Qt::Key_Escape && m_ablationQuestion->isAsking()) return m_ablationQuestion->cancel();
    if (event->key() == Qt::Key_Escape && canGoUp) return up();
    PanelFrame::keyPressEvent(event);
}

void AttentionPanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    m_feed->setActive(true);
    m_ageTimer.start();
    readRun();
    scheduleRefresh();
}

void AttentionPanel::hideEvent(QHideEvent *event)
{
    PanelFrame::hideEvent(event);
    m_feed->setActive(false);
    m_ageTimer.stop();
    m_refreshTimer.stop();
}

} // namespace orrery::ui
