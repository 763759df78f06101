// SPDX-License-Identifier: GPL-3.0-or-later
// How the attention panel is found again and described: command, a link to the view, a sentence.
#include "widgets/attention/attention_panel.h"

#include "core/spec/kept_prompt.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/inspect_command.h"
#include "widgets/attention/maps_question.h"
#include "widgets/attention/modality_page.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/run_text.h"
#include "widgets/common/view_link.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr qsizetype kMaxIdsLength = 6'000; ///< of a link, in characters

QString levelWord(StageLevel level)
{
    return level == StageLevel::Head         ? u"head"_s
           : level == StageLevel::Modalities ? u"modalities"_s
                                             : u"overview"_s;
}

QString granularityWord(Granularity granularity)
{
    return granularity == Granularity::Word   ? u"word"_s
           : granularity == Granularity::Line ? u"line"_s
                                              : u"token"_s;
}

QString idsText(const std::vector<int32_t> &ids)
{
    QStringList parts;
    for (int32_t id : ids) parts << QString::number(id);
    return parts.join(u',');
}

std::vector<int32_t> idsOfText(const QString &text)
{
    std::vector<int32_t> ids;
    for (const QString &part : text.split(u',', Qt::SkipEmptyParts)) {
        bool isNumber = false;
        ids.push_back(part.toInt(&isNumber));
        if (!isNumber || ids.back() < 0) return {};
    }
    return ids;
}

/// A link can say a key twice; where one value is expected, two are none.
QVariantMap withoutLists(QVariantMap state)
{
    state.removeIf([](const auto &entry) {
        const int type = entry.value().typeId();
        const bool isList = type == QMetaType::QStringList || type == QMetaType::QVariantList;
        return isList && entry.key() != u"heads" && entry.key() != u"without" && entry.key() != u"zoom";
    });
    return state;
}

int tokenOf(const QVariant &value)
{
    bool isNumber = false;
    const qlonglong token = value.toLongLong(&isNumber);
    return isNumber && token >= 0 && token <= kMaxTokenPlace ? int(token) : -1;
}

/// Null: it is none.
QRectF zoomOf(const QStringList &edges)
{
    if (edges.size() != 4) return {};
    const QRectF zoom(edges[0].toDouble(), edges[1].toDouble(), edges[2].toDouble(), edges[3].toDouble());
    const bool isFinite = std::isfinite(zoom.left()) && std::isfinite(zoom.top()) &&
                          std::isfinite(zoom.width()) && std::isfinite(zoom.height());
    return isFinite ? zoom : QRectF();
}

/// The command takes each head of each layer that it is given: an overlay of other heads is told by its first one.
void addHeads(QStringList &arguments, const std::vector<HeadRef> &heads)
{
    std::set<int64_t> layers, numbers;
    for (const HeadRef &head : heads) {
        layers.insert(head.layer);
        numbers.insert(head.head);
    }
    if (layers.size() * numbers.size() != heads.size() && !heads.empty()) {
        layers = {heads.front().layer};
        numbers = {heads.front().head};
    }
    for (const int64_t layer : layers) arguments << u"--layer"_s << QString::number(layer);
    for (const int64_t number : numbers) arguments << u"--head"_s << QString::number(number);
}

} // namespace

void AttentionPanel::offerTools()
{
    setView({.panel = u"attention"_s,
             .state = [this] { return viewState(); },
             .restore = [this](const QVariantMap &state) { restoreView(state); }});
    setCommand([this] { return command(); });
    setHelp(
        tr("A row of a map is a token that reads, a column a token that is read; the darker or brighter, the "
           "more of its weight goes there. Weights of a row sum to 1.\n\nWhere a head reads does not say why "
           "the model answers: \u201CWithout this head\u201D computes what it would say if the head gave "
           "nothing."));
}

/// The command line reads saved steps only: the one that is shown, or the newest before it.
QString AttentionPanel::savedModel() const
{
    const QString asked = m_asked ? m_askedModel : QString();
    if (!asked.isEmpty() && !asked.endsWith(u"@live"_s)) return asked;
    if (!asked.isEmpty() && runOfModel(asked) != m_run) return runOfModel(asked);
    const int64_t shown = snapshot() ? snapshot()->report.step : std::numeric_limits<int64_t>::max();
    int64_t saved = -1;
    for (const CheckpointInfo &checkpoint : m_checkpoints)
        if (checkpoint.step <= shown) saved = std::max(saved, checkpoint.step);
    return saved < 0 ? m_run : m_run + u'@' + QString::number(saved);
}

QString AttentionPanel::command() const
{
    Commanded wanted{.now = snapshot(),
                     .selected = m_selectedText,
                     .document = m_selectedText ? keptPromptNumber(*m_selectedText) : shownDocument(),
                     .model = savedModel(),
                     .text = m_prompts->text(),
                     .level = place().level,
                     .heads = place().level == StageLevel::Head ? openHeads() : std::vector<HeadRef>(),
                     .ablated = m_ablation ? m_ablationQuestion->request().ablated : std::vector<HeadRef>(),
                     .kept = keptOptions(),
                     .token = place().pinnedToken};
    if (m_commanded != wanted) {
        m_command = makeCommand(wanted);
        m_commanded = std::move(wanted);
    }
    return m_command;
}

bool AttentionPanel::isWindow() const { return m_asked && m_question->isWindow(); }

/// Of a text that is longer than the context: how many tokens at its end are an answer. Which tokens a
/// generation had before it hangs on where the answer began.
std::ptrdiff_t AttentionPanel::numWindowAnswerIds() const
{
    if (!isWindow() || !m_selectedText || m_selectedText->infill) return 0;
    const auto count = std::ssize(m_selectedText->answerIds);
    return count < std::ssize(m_asked->report.tokens) ? count : 0;
}

/// A kept step is shown as it was kept: its frame, and not what a checkpoint near it would say. Nothing: that is not what
/// is shown.
QStringList AttentionPanel::keptOptions() const
{
    const SnapshotPtr now = snapshot();
    if (m_asked || m_ablation || !now || !now->isKept || m_run.isEmpty()) return {};
    const QString step = QString::number(now->report.step);
    QStringList options{u"--prompt"_s, QString::number(m_feed->prompt()), u"--from"_s, step, u"--to"_s, step};
    const SnapshotPtr detail = place().level == StageLevel::Head ? m_feed->detail() : nullptr;
    if (detail && mapOf(*detail, place().head)) options << u"--starred"_s;
    return options << u"--out"_s << u"step-%1.npz"_s.arg(step);
}

/// By its tokens as soon as they are known: letters may be cut into others. Empty: the command line has no
/// words for it (a picture in no file, a gap that is filled in, a conversation before it was read, a part of a
/// long text, what was remembered when the text was said).
QString AttentionPanel::makeCommand(const Commanded &wanted) const
{
    if (!wanted.kept.isEmpty()) return engineCommand(QStringList{u"inspect"_s, u"frames"_s, m_run} + wanted.kept);
    const QString &model = wanted.model;
    if (model.isEmpty() || (m_selectedText && m_selectedText->infill) || isWindow() || isSaid()) return {};
    std::optional<TextWords> words;
    if (const SnapshotPtr now = snapshot()) {
        if (const std::optional<std::vector<int32_t>> ids = exactIds(now->report.tokens))
            words = tokenWords(*ids);
        else if (m_selectedText)
            words = textWords(*m_selectedText);
        else if (wanted.document)
            words = textWords(keptPrompt(*wanted.document));
    } else {
        const bool hasMore =
            m_selectedText && (!m_selectedText->messages.empty() || !m_selectedText->media.empty() ||
                               !m_selectedText->answerIds.empty());
        if (hasMore || m_prompts->text().isEmpty()) return {};
        GenerateRequest typed;
        typed.prompt = toStd(m_prompts->text());
        words = textWords(typed);
    }
    if (!words) return {};
    QStringList behind;
    addHeads(behind, wanted.heads);
    if (wanted.token >= 0) behind << u"--token"_s << QString::number(wanted.token);
    for (const HeadRef &head : wanted.ablated) behind << u"--ablate"_s << fromStd(headName(head));
    return inspectCommand({u"attention"_s, model}, *words, behind);
}

/// For whoever does not see the panel.
QString AttentionPanel::sentence() const
{
    if (!snapshot()) return tr("Nothing is shown.");
    if (place().level == StageLevel::Modalities) return title() + u". "_s + m_stage->modalities()->summary();
    return title() + u". "_s +
           (place().level == StageLevel::Head ? m_stage->head()->view()->summary()
                                              : m_stage->overview()->view()->summary());
}

QVariantMap AttentionPanel::viewState() const
{
    QVariantMap state;
    if (!m_run.isEmpty()) state[u"run"_s] = m_run;
    const SnapshotPtr now = snapshot();
    const auto ids = m_asked ? exactIds(m_asked->report.tokens) : std::nullopt;
    if (const QString text = ids ? idsText(*ids) : QString();
        !text.isEmpty() && text.size() <= kMaxIdsLength) {
        state[u"ids"_s] = text; // exact: by its tokens, whatever it was asked by
        if (const std::ptrdiff_t answer = numWindowAnswerIds(); answer > 0)
            state[u"answer"_s] = qint64(answer);
        state[u"title"_s] = m_prompts->title();
        state[u"model"_s] = m_askedModel;
    } else if (m_prompts->prompt() >= 0) {
        state[u"prompt"_s] = m_prompts->prompt();
        if (now) state[u"step"_s] = qint64(now->report.step);
    } else if (m_prompts->prompt() == PromptBar::kOwnText && !m_prompts->text().isEmpty()) {
        state[u"text"_s] = m_prompts->text();
    }
    state[u"level"_s] = levelWord(place().level);
    QStringList heads;
    for (const HeadRef &head : openHeads()) heads << QString::fromStdString(headName(head));
    state[u"heads"_s] = heads;
    if (place().pinnedToken >= 0) state[u"token"_s] = place().pinnedToken;
    if (m_asked && m_isDifference && !baseModel().isEmpty())
        state[u"base"_s] = baseModel();
    else if (m_isDifference && m_feed->baseIndex() >= 0)
        state[u"against"_s] = qint64(m_feed->steps()[size_t(m_feed->baseIndex())].step);
    const AttentionLook look = this->look();
    state[u"by"_s] = granularityWord(look.granularity);
    state[u"scale"_s] = look.scale == ScaleKind::Linear ? u"linear"_s : u"root"_s;
    state[u"cell"_s] = look.value == CellValue::Mean ? u"mean"_s : u"max"_s;
    if (m_stage->modalities()->kind() == FlowKind::Learned) state[u"kind"_s] = u"learned"_s;
    if (m_ablation) {
        QStringList without;
        for (const HeadRef &head : m_ablationQuestion->request().ablated) without << fromStd(headName(head));
        state[u"without"_s] = without;
        if (!m_asked) state[u"weights"_s] = m_ablationQuestion->model();
    }
    state[u"sort"_s] = int(m_stage->overview()->sort());
    if (const HeadView *view = m_stage->head()->view(); now && (view->zoom() > 1 || view->isFine())) {
        const QRectF seen = view->shownTokens();
        QStringList zoom;
        for (double edge : {seen.left(), seen.top(), seen.width(), seen.height()})
            zoom << QString::number(edge, 'f', 2);
        state[u"zoom"_s] = zoom;
    }
    // Better a link without its text than one that nobody can open.
    if (viewLinkText({u"attention"_s, state}).size() > kMaxLinkLength)
        for (const QString &key : {u"text"_s, u"title"_s}) state.remove(key);
    return state;
}

void AttentionPanel::restoreView(const QVariantMap &given)
{
    const QVariantMap state = withoutLists(given);
    if (const QString run = state[u"run"_s].toString(); !run.isEmpty()) setRun(run);
    AttentionLook look;
    const QString by = state[u"by"_s].toString();
    look.granularity = by == u"word"_s   ? Granularity::Word
                       : by == u"line"_s ? Granularity::Line
                                         : Granularity::Token;
    look.scale = state[u"scale"_s].toString() == u"linear"_s ? ScaleKind::Linear : ScaleKind::SquareRoot;
    look.value = state[u"cell"_s].toString() == u"mean"_s ? CellValue::Mean : CellValue::Maximum;
    m_stage->head()->setLook(look);
    m_stage->modalities()->setKind(state[u"kind"_s].toString() == u"learned"_s ? FlowKind::Learned : FlowKind::Mass);
    m_stage->overview()->setSort(HeadSort(std::clamp(state[u"sort"_s].toInt(), 0, int(HeadSort::Difference))));
    AttentionPlace next;
    const QString level = state[u"level"_s].toString();
    if (level == u"head"_s) next.level = StageLevel::Head;
    if (level == u"modalities"_s) next.level = StageLevel::Modalities;
    for (const QString &name : state[u"heads"_s].toStringList())
        if (HeadRef head; headFromName(toStd(name), head)) next.overlay.push_back(head);
    OverviewView *overview = m_stage->overview()->view();
    overview->setSelected(next.overlay);
    next.overlay = overview->selected(); // no more than can be told apart
    if (!next.overlay.empty()) next.head = next.overlay.front();
    if (next.overlay.size() < 2) next.overlay.clear();
    overview->setSelected(next.overlay);
    next.pinnedToken = tokenOf(state[u"token"_s]);
    restoreText(state, next);
    goTo(next);
    if (state.contains(u"against"_s)) m_feed->setBaseStep(state[u"against"_s].toLongLong());
    m_baseModel = state[u"base"_s].toString();
    setDifference(state.contains(u"against"_s) || state.contains(u"base"_s));
    m_waitingZoom = zoomOf(state[u"zoom"_s].toStringList());
    m_waitingAblation.clear(); // last: what was chosen above is no choice of a person
    for (const QString &name : state[u"without"_s].toStringList())
        if (HeadRef head; headFromName(toStd(name), head)) m_waitingAblation.push_back(head);
    if (const QString weights = state[u"weights"_s].toString(); !weights.isEmpty()) {
        m_prompts->setModel(weights);
        if (m_prompts->model() != weights) m_waitingModel = weights; // the saved steps are still to be listed
    }
    scheduleRefresh();
}

void AttentionPanel::restoreText(const QVariantMap &state, const AttentionPlace &where)
{
    if (const std::vector<int32_t> ids = idsOfText(state[u"ids"_s].toString()); !ids.empty()) {
        GenerateRequest text;
        text.promptIds = ids;
        if (const int answer = state[u"answer"_s].toInt(); answer > 0 && size_t(answer) < ids.size()) {
            text.answerIds.assign(ids.end() - answer, ids.end());
            text.promptIds.resize(ids.size() - size_t(answer));
        }
        m_waitingFocus = Focus{.model = state[u"model"_s].toString(),
                               .title = state[u"title"_s].toString(),
                               .text = std::make_shared<const GenerateRequest>(std::move(text)),
                               .token = where.pinnedToken};
        if (where.level == StageLevel::Head) m_waitingFocus->head = where.head;
        if (isVisible()) openWaitingFocus();
        return;
    }
    m_waitingFocus.reset();
    if (state.contains(u"text"_s)) {
        m_prompts->setOwnText(state[u"text"_s].toString());
        onPromptChosen(PromptBar::kOwnText);
    } else if (state.contains(u"prompt"_s)) {
        const int prompt = std::max(0, state[u"prompt"_s].toInt());
        onPromptChosen(prompt);
        m_prompts->setPrompt(prompt);
        m_waitingPrompt = prompt; // its name is known once the run was read
        if (state.contains(u"step"_s)) m_feed->goToStep(state[u"step"_s].toLongLong());
    }
}

/// A link's part of the map, once there is a map.
void AttentionPanel::restoreZoom()
{
    if (m_waitingZoom.isEmpty() || m_question->isAsking() || (!m_isOwnText && m_feed->isLoading())) return;
    if (m_stage->head()->view()->whole().isEmpty() || !m_stage->head()->view()->isVisible()) return;
    m_stage->head()->view()->showTokens(std::exchange(m_waitingZoom, QRectF()));
}

} // namespace orrery::ui
