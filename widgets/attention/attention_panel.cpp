// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/attention_panel.h"

#include "widgets/attention/asked_base.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/exact_cells.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/flow_history.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/maps_question.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/next_words.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/probe_prompts.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/attention/starred_heads.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_spec_json.h"
#include "widgets/common/run_text.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QKeyEvent>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kRefreshMs = 12; ///< several signals of one event become one picture
constexpr int kAgeMs = 1'000;
constexpr int kCellsMs = 150; ///< a map stands still for so long before more cells of it are asked for

QStringList textsOf(const QJsonValue &list)
{
    QStringList texts;
    for (const QJsonValue &one : list.toArray()) texts << one.toString();
    return texts;
}

bool isRunLive(const RunStatus &status) { return isLiveState(status.state); }

} // namespace

AttentionPanel::AttentionPanel(EngineSession &session, QWidget *parent)
    : PanelFrame(tr("Attention"), parent), m_session(session), m_feed(new FrameFeed(session, this)),
      m_flows(new FlowHistory(session, *m_feed, this)), m_question(new MapsQuestion(session, this)),
      m_ablationQuestion(new ModelQuestion(session, this)), m_askedBase(new AskedBase(session, this)),
      m_cells(new ExactCells(session, this)), m_nextWords(new NextWords(session, this)), m_stars(new StarredHeads(session, this)),
      m_probes(new ProbePrompts(session, this))
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
    m_cellsTimer.setSingleShot(true);
    m_cellsTimer.setInterval(kCellsMs);
    connect(&m_cellsTimer, &QTimer::timeout, this, &AttentionPanel::askForCells);
    connectParts();
    connectStage();
    connectQuestions();
    connectComparison();
    connectKeeping();
    connect(&m_session, &EngineSession::runsChanged, this, &AttentionPanel::readStatus);
    connect(&m_session, &EngineSession::updated, this, &AttentionPanel::onRunUpdated);
    connect(&m_session, &EngineSession::connectionChanged, this, [this] {
        if (m_session.connectionState() == ConnectionState::Connected) readRun();
    });
    offerExport();
    offerTools();
    refresh();
}

AttentionPanel::~AttentionPanel()
{
    // What the members send while they go would find a panel that is half gone.
    for (QObject *one :
         std::initializer_list<QObject *>{m_feed, m_flows, m_question, m_ablationQuestion, m_askedBase, m_cells,
                                          m_nextWords, m_stars, m_probes})
        one->disconnect(this);
}

void AttentionPanel::onRunUpdated(const RunUpdate &update)
{
    if (update.run != m_run || m_run.isEmpty() || update.status.id.empty()) return;
    const bool isNews = m_status.state != update.status.state ||
                        m_status.lastCheckpointStep != update.status.lastCheckpointStep;
    const bool hasFirstFrame = m_status.lastFrameId == 0 && update.status.lastFrameId > 0;
    m_status = update.status;
    if (isNews)
        readRun();
    else if (hasFirstFrame && isVisible() && m_prompts->hasPrompts())
        findValidationText();
}

void AttentionPanel::setRun(const QString &run)
{
    if (run == m_run) return;
    m_run = run;
    ++m_generation;
    // A text that was selected elsewhere may be why this run is opened.
    const bool isSelected = m_selectedText && !run.isEmpty() && runOfModel(m_selectedFocus.model) == run;
    m_keptShown = nullptr;
    if (!isSelected) {
        m_question->cancel();
        dropAblation();
        m_asked = nullptr;
        m_isOwnText = false;
        m_selectedText = nullptr;
        m_history = {AttentionPlace{}};
        m_historyAt = 0;
        m_focus = {};
    }
    m_prompts->forgetPrompts();
    if (isSelected) m_prompts->setSelectedText(m_selectedFocus.title, textOfRequest(*m_selectedText));
    m_cells->forget();
    m_askedBase->drop();
    m_baseModel.clear();
    m_sampleEvery = -1;
    m_documents.clear();
    m_waitingPrompt.reset();
    m_waitingAblation.clear();
    m_status = {};
    m_checkpoints.clear();
    m_failed = Failed::None;
    banner()->clear();
    m_stage->overview()->view()->setSelected({});
    m_isPromptChosen = isSelected;
    m_feed->setRun(run);
    m_probes->setRun(run);
    m_stars->setRun(run);
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
    m_prompts->setModel(m_waitingModel);
    m_session.listCheckpoints(m_run, this,
                              [this, generation = m_generation](Result<std::vector<CheckpointInfo>> answer) {
                                  if (generation != m_generation || !answer.ok())
                                      return; // the live weights stay
                                  m_checkpoints = std::move(answer).value();
                                  m_prompts->setModels(m_run, isRunLive(m_status), m_checkpoints);
                                  m_prompts->setModel(m_waitingModel);
                                  m_waitingModel.clear();
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
        const QJsonObject probes = root.value("probes"_L1).toObject();
        const bool hasMedia = root.value("attention"_L1).toObject().value("num_modalities"_L1).toInt(1) > 1;
        QStringList prompts = textsOf(probes.value("prompts"_L1));
        m_hasSamplePrompts = !prompts.isEmpty();
        m_sampleEvery = probes.value("every"_L1).toInt(-1);
        if (hasMedia && prompts.isEmpty()) prompts << QString(); // one document is kept then
        m_prompts->setPrompts(prompts);
        if (hasMedia) m_prompts->setDocuments();
        m_probes->setFrozen(textsOf(probes.value("prompts"_L1)));
        m_prompts->setLivePrompts(m_probes->texts(), m_probes->numFrozen());
        m_stars->setFrozen(textsOf(probes.value("starred"_L1)));
        if (m_waitingPrompt) m_prompts->setPrompt(*m_waitingPrompt);
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
            if (m_waitingPrompt) m_prompts->setPrompt(*m_waitingPrompt);
            if (!m_isPromptChosen && !m_isOwnText && !m_asked && !m_question->isAsking()) {
                m_prompts->setPrompt(prompt);
                m_feed->setPrompt(prompt);
            }
            scheduleRefresh();
        });
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
    const bool canGoUp = place().level != StageLevel::Overview || place().pinnedToken >= 0;
    if (event->key() == Qt::Key_Escape && m_question->isAsking()) return m_question->cancel();
    if (event->key() == Qt::Key_Escape && m_ablationQuestion->isAsking()) return m_ablationQuestion->cancel();
    if (event->key() == Qt::Key_Escape && m_askedBase->isAsking()) return cancelBase();
    if (event->key() == Qt::Key_Escape && canGoUp) return up();
    PanelFrame::keyPressEvent(event);
}

void AttentionPanel::showEvent(QShowEvent *event)
{
    PanelFrame::showEvent(event);
    m_feed->setActive(true);
    m_flows->setActive(place().level == StageLevel::Modalities);
    m_ageTimer.start();
    m_stars->readAgain();
    m_nextWords->forgetRefusals();
    readRun();
    openWaitingFocus();
    scheduleRefresh();
}

void AttentionPanel::hideEvent(QHideEvent *event)
{
    PanelFrame::hideEvent(event);
    m_feed->setActive(false);
    m_flows->setActive(false);
    m_ageTimer.stop();
    m_cellsTimer.stop();
    m_nextWords->cancel();
    m_refreshTimer.stop();
}

} // namespace orrery::ui
