// SPDX-License-Identifier: GPL-3.0-or-later
// What the attention panel asks of the model itself: exact maps, and what it would say without a head. A text
// whose tokens are known is asked for by them, never by its letters.
#include "widgets/attention/attention_panel.h"

#include "core/spec/kept_prompt.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/exact_cells.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/maps_question.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/next_words.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/said_text.h"
#include "widgets/common/banner.h"
#include "widgets/common/number_text.h"

#include <QPushButton>

#include <algorithm>
#include <utility>

namespace orrery::ui {
namespace {

constexpr int64_t kMaxEdge = AttentionPanel::kMaxEdge;
constexpr int64_t kMaxSaidCells = int64_t{4} << 20; ///< of heads that nobody has opened yet

/// Each look at what was said reads all of it again, pass by pass: one for another head brings as many heads as there is
/// room for, those of its layer first.
std::vector<HeadRef> withMoreHeads(std::vector<HeadRef> heads, const InspectReport &report)
{
    const int64_t edge = std::min(std::ssize(report.tokens), kMaxEdge);
    const int64_t perMap = edge * edge * (std::ssize(report.tokens) > kMaxEdge ? 2 : 1);
    int64_t room = kMaxSaidCells / std::max<int64_t>(1, perMap);
    const int64_t layer = heads.front().layer;
    for (int64_t i = 0; i < report.layers; ++i)
        for (int64_t head = 0; head < report.heads && room > 0; ++head) {
            const HeadRef one{(layer + i) % report.layers, head};
            if (std::find(heads.begin(), heads.end(), one) != heads.end()) continue;
            heads.push_back(one);
            --room;
        }
    return heads;
}

bool hasAllOf(const std::vector<HeadRef> &all, const std::vector<HeadRef> &wanted)
{
    return std::all_of(wanted.begin(), wanted.end(),
                       [&all](const HeadRef &head) { return std::find(all.begin(), all.end(), head) != all.end(); });
}

} // namespace

void AttentionPanel::connectQuestions()
{
    const auto onState = [this] {
        m_prompts->setAsking(m_question->isAsking());
        scheduleRefresh();
    };
    connect(m_question, &MapsQuestion::stateChanged, this, onState);
    connect(m_question, &MapsQuestion::answered, this, [this](const InspectReport &report) {
        m_asked = snapshotOfReport(report);
        m_askedModel = m_question->model();
        m_askedRequest = m_question->request();
        m_cells->forget();
        tellOfMemory(report);
        scheduleRefresh();
    });
    connect(m_question, &MapsQuestion::failed, this, [this](const Error &error) {
        m_failed = Failed::Question;
        banner()->showError(error, tr("Retry"));
    });
    connect(m_ablationQuestion, &ModelQuestion::stateChanged, this, &AttentionPanel::scheduleRefresh);
    connect(m_ablationQuestion, &ModelQuestion::answered, this, [this](const InspectReport &report) {
        QStringList names;
        for (const HeadRef &head : m_ablationQuestion->request().ablated) names << headTitle(head).toLower();
        m_ablation = Ablation{.heads = names.join(tr(" and ")),
                              .model = ablationModel(report),
                              .divergence = report.changedDivergence,
                              .with = report.candidates,
                              .without = report.changed};
        scheduleRefresh();
    });
    connect(m_ablationQuestion, &ModelQuestion::failed, this, [this](const Error &error) {
        m_failed = Failed::Ablation;
        banner()->showError(error, tr("Retry"));
    });
    connect(m_nextWords, &NextWords::changed, this, &AttentionPanel::scheduleRefresh);
}

/// What a question reads, by its tokens where they are known; nothing: there is no text.
std::optional<GenerateRequest> AttentionPanel::chosenText() const
{
    if (m_selectedText) return *m_selectedText;
    if (!m_isOwnText && m_keptShown) {
        const std::optional<std::vector<int32_t>> ids = exactIds(m_keptShown->report.tokens);
        // Its pictures and recordings are in the run's data: whoever answers finds them by its number.
        if (!ids) return keptPrompt(m_feed->prompt());
        GenerateRequest text;
        text.promptIds = *ids;
        return text;
    }
    const bool isDocument = !m_isOwnText && m_prompts->hasDocuments(); // of which nothing was kept yet
    if (isDocument) return keptPrompt(m_feed->prompt());
    if (m_prompts->text().isEmpty()) return std::nullopt;
    GenerateRequest text;
    text.prompt = toStd(m_prompts->text());
    return text;
}

/// The text of the answer that is shown.
GenerateRequest AttentionPanel::askedText() const
{
    if (m_selectedText) return *m_selectedText;
    GenerateRequest text = m_askedRequest.input;
    if (const auto ids = m_asked ? exactIds(m_asked->report.tokens) : std::nullopt) {
        text.prompt.clear();
        text.promptIds = *ids;
    }
    return text;
}

void AttentionPanel::onPromptChosen(int prompt)
{
    m_isPromptChosen = true;
    m_waitingPrompt.reset();
    m_waitingAblation.clear();
    m_question->cancel();
    m_asked = nullptr;
    m_isOwnText = prompt < 0;
    dropAblation();
    if (prompt == PromptBar::kSelectedText && !m_selectedFocus.isEmpty()) {
        m_waitingFocus = m_selectedFocus;
        openWaitingFocus();
        return;
    }
    m_selectedText = nullptr;
    m_focus = {};
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
    m_selectedText = nullptr;
    m_focus = {};
    if (std::exchange(m_isOwnText, false)) m_prompts->setPrompt(m_feed->prompt());
    dropAblation();
    scheduleRefresh();
}

void AttentionPanel::askModel()
{
    const std::optional<GenerateRequest> text = chosenText();
    const QString model =
        m_selectedText && m_prompts->model().isEmpty() ? m_selectedFocus.model : m_prompts->model();
    if (model.isEmpty() || !text) return;
    InspectRequest request;
    request.input = *text;
    request.heads = openHeads();
    request.maxEdge = kMaxEdge;
    request.asSaid = m_selectedText && isSaidBy(model);
    m_failed = Failed::None;
    m_toldOf = nullptr;
    banner()->clear();
    dropAblation();
    m_isPromptChosen = true;
    m_question->ask(model, request, place().pinnedToken);
}

/// Whether what is shown is what a generation had before it at this token, too: what stands before the token
/// that was asked about may have been read in the window before.
bool AttentionPanel::isInWindow(int token) const
{
    const AttentionMap *map = m_asked ? mapOf(*m_asked, place().head) : nullptr;
    if (!map) return true;
    // As it was said, each row is of the pass in which it came.
    const int64_t first = isSaid() ? map->firstRow : map->firstRow > 0 ? m_asked->report.token : 0;
    return token >= first && token < map->firstRow + map->numRows;
}

/// What is selected may have been said by these weights; those in training say nothing to anybody.
bool AttentionPanel::isSaidBy(const QString &model) const
{
    return model == m_selectedFocus.model && !model.endsWith(QLatin1String("@live"));
}

bool AttentionPanel::isSaid() const { return m_asked && m_asked->report.saidWith == SaidWith::State; }

/// Once for each text: maps without the memory that the text was said with look like any others.
void AttentionPanel::tellOfMemory(const InspectReport &report)
{
    const bool isAnswer = !m_askedRequest.input.answerIds.empty(); // else nobody has said it
    const bool isLacking = isAnswer && lacksItsMemory(report, m_askedRequest.asSaid);
    const bool isTold = isLacking && m_toldOf && m_toldOf == m_selectedText && m_failed == Failed::None;
    m_failed = Failed::None;
    if (isTold) return; // it stands there, or was dismissed
    m_toldOf = isLacking ? m_selectedText : nullptr;
    if (!isLacking) return banner()->clear();
    banner()->showMessage(BannerKind::Info,
                          tr("These maps are of the text by itself, without what the model remembered when it said it."),
                          lackHint(report));
}

void AttentionPanel::askForOpenHeads()
{
    if (!m_asked || m_question->isAsking()) return;
    const std::vector<HeadRef> heads = openHeads();
    const bool hasAll = std::all_of(heads.begin(), heads.end(), [this](const HeadRef &head) {
        return std::any_of(m_asked->report.maps.begin(), m_asked->report.maps.end(),
                           [&head](const AttentionMap &map) { return map.head == head; });
    });
    // What the last question named is not asked for again, though the answer lacks it or there was none.
    const InspectRequest &last = m_question->request();
    const bool isOfOthers = m_question->model() != m_askedModel; // other weights were asked, and refused
    const bool needsHeads = !hasAll && (isOfOthers || !hasAllOf(last.heads, heads));
    const int pinned = place().pinnedToken;
    const bool isElsewhere =
        m_question->isWindow() && pinned >= 0 && pinned != last.token && !isInWindow(pinned);
    if (!needsHeads && !isElsewhere) return;
    InspectRequest request = m_askedRequest;
    request.input = askedText();
    request.heads = isSaid() ? withMoreHeads(heads, m_asked->report) : heads;
    m_question->ask(m_askedModel, request, isElsewhere ? pinned : int(request.token));
}

/// Whose answer it is; a head is left out of the text by itself, whatever the maps were read with.
QString AttentionPanel::ablationModel(const InspectReport &report) const
{
    const QString model = tr("%1, step %2").arg(titleOf(fromStd(report.model)), integerText(report.step));
    return isSaid() ? tr("%1, which reads the text by itself for this", "model").arg(model) : model;
}

void AttentionPanel::ablate()
{
    m_waitingAblation.clear();
    if (place().level != StageLevel::Head) openHead(place().head);
    ablateHeads(openHeads());
}

void AttentionPanel::ablateHeads(const std::vector<HeadRef> &heads)
{
    const std::optional<GenerateRequest> text = m_asked ? askedText() : chosenText();
    const QString model = m_asked ? m_askedModel : m_prompts->model();
    if (model.isEmpty() || !snapshot() || !text) return;
    InspectRequest request;
    request.input = *text;
    request.wantsOverview = false;
    request.ablated = heads;
    request.token = place().pinnedToken;
    if (m_asked && request.token < 0) request.token = m_askedRequest.token;
    m_failed = Failed::None;
    m_ablation.reset();
    m_ablationQuestion->ask(model, request);
}

/// That of a link, as soon as the text is there and somebody can answer.
void AttentionPanel::askWaitingAblation()
{
    if (m_waitingAblation.empty() || m_waitingFocus || !m_waitingModel.isEmpty() || m_question->isAsking() || !m_ablate->isEnabled()) return;
    const std::vector<HeadRef> heads = std::exchange(m_waitingAblation, {});
    ablateHeads(heads);
}

void AttentionPanel::dropAblation()
{
    m_ablation.reset();
    m_ablationQuestion->cancel();
}

} // namespace orrery::ui
