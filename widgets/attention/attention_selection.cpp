// SPDX-License-Identifier: GPL-3.0-or-later
// The attention panel and the one selection of the window: a row that is kept here is what all others look
// at, and what was chosen elsewhere is looked at here.
#include "widgets/attention/attention_panel.h"

#include "core/spec/kept_prompt.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/exact_text.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/maps_question.h"
#include "widgets/attention/model_question.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/common/banner.h"

#include <QTimer>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kSettledMs = 300;

} // namespace

void AttentionPanel::setSelection(Selection *selection)
{
    if (m_selection) m_selection->disconnect(this);
    m_selection = selection;
    if (!selection) return;
    connect(selection, &Selection::changed, this, [this](const Focus &focus, QObject *by) {
        if (by != this) takeFocus(focus);
    });
    // Who goes to another step with a row kept asks its weights, once he stays there: one answer a step that he
    // only passes would be a question too many.
    auto *settled = new QTimer(selection);
    settled->setSingleShot(true);
    settled->setInterval(kSettledMs);
    connect(settled, &QTimer::timeout, this, [this] {
        const Focus &now = m_selection->focus();
        const bool isOurs = !m_asked && now.text && now.text == m_shownText;
        if (isOurs && place().pinnedToken >= 0 && now.model != answeringModel()) tellSelection();
    });
    connect(m_feed, &FrameFeed::shownChanged, settled, [settled] { settled->start(); });
    takeFocus(selection->focus());
}

void AttentionPanel::takeFocus(const Focus &focus)
{
    if (focus.isEmpty()) return;
    const bool isShown = snapshot() || m_question->isAsking();
    // Back to a text of this panel: the kept steps are still there.
    const bool isOurs = !m_isOwnText && focus.text == m_shownText && focus.model == answeringModel();
    // Other weights may have been asked here since: then a row of theirs is not what the focus is about.
    const bool isAnswering = (!m_asked && !m_question->isAsking()) || focus.model == askedModel();
    if (isShown && isAnswering && !m_waitingFocus && (focus.isSameText(m_focus) || isOurs)) {
        pinFocus(focus);
        return;
    }
    m_waitingAblation.clear();
    m_waitingFocus = focus;
    if (isVisible()) openWaitingFocus();
}

/// Another text than the one that is shown: the model is asked for it.
void AttentionPanel::openWaitingFocus()
{
    if (!m_waitingFocus) return;
    Focus focus = *std::exchange(m_waitingFocus, std::nullopt);
    if (focus.title.isEmpty()) focus.title = tr("a text of another panel");
    m_selectedFocus = focus;
    m_selectedText = focus.text;
    m_isOwnText = m_isPromptChosen = true;
    m_asked = nullptr;
    m_failed = Failed::None;
    m_toldOf = nullptr;
    banner()->clear();
    dropAblation();
    m_prompts->setSelectedText(focus.title, textOfRequest(*focus.text));
    m_prompts->setModel(focus.model);
    pinFocus(focus);
    InspectRequest request;
    request.input = *focus.text;
    request.heads = openHeads();
    request.maxEdge = kMaxEdge;
    request.token = focus.token; // what comes behind it
    request.asSaid = isSaidBy(focus.model);
    m_question->ask(focus.model, request, focus.token);
    scheduleRefresh();
}

void AttentionPanel::pinFocus(const Focus &focus)
{
    m_focus = focus;
    AttentionPlace next = place();
    next.pinnedToken = focus.token > kMaxTokenPlace ? -1 : int(focus.token); // no text is that long
    if (focus.token >= 0 || focus.head) next.level = StageLevel::Head;
    if (focus.head && *focus.head != next.head) {
        next.head = *focus.head;
        next.overlay.clear();
    }
    m_isTakingFocus = true;
    goTo(next);
    m_isTakingFocus = false;
}

/// What is shown, as something that can be asked: the same object for as long as it is the same text. A document with
/// pictures and recordings by its number: they are in the run's data.
std::shared_ptr<const GenerateRequest> AttentionPanel::shownText()
{
    if (m_selectedText) return m_selectedText;
    const SnapshotPtr now = snapshot();
    if (!now) return nullptr;
    GenerateRequest text;
    if (const std::optional<std::vector<int32_t>> ids = exactIds(now->report.tokens))
        text.promptIds = *ids;
    else if (const std::optional<int32_t> document = shownDocument())
        text = keptPrompt(*document);
    else
        return nullptr;
    if (!m_shownText || m_shownText->promptIds != text.promptIds || m_shownText->source != text.source)
        m_shownText = std::make_shared<const GenerateRequest>(std::move(text));
    return m_shownText;
}

/// The number by which the run knows the text that is shown, pictures and recordings with it.
std::optional<int32_t> AttentionPanel::shownDocument() const
{
    return m_asked ? keptPromptNumber(m_askedRequest.input) : std::optional<int32_t>(m_feed->prompt());
}

QString AttentionPanel::askedModel() const
{
    return m_question->isAsking() ? m_question->model() : m_askedModel;
}

/// Whose answer a question about what is shown would be.
QString AttentionPanel::answeringModel() const
{
    if (m_asked) return askedModel();
    const QString live = m_run + u"@live"_s;
    const QString saved = savedModel();
    if (!isLiveState(m_status.state)) return saved;
    return m_feed->isFollowing() || saved == m_run ? live : saved;
}

/// A kept row is a question to the whole window; an opened head belongs to it.
void AttentionPanel::tellSelection()
{
    if (!m_selection || m_isTakingFocus) return;
    const std::shared_ptr<const GenerateRequest> text = shownText();
    Focus next;
    next.model = answeringModel();
    next.title = m_prompts->title();
    next.text = text;
    next.token = place().pinnedToken;
    if (place().level == StageLevel::Head) next.head = place().head;
    if (next.isEmpty()) return;
    const Focus &now = m_selection->focus();
    if (!now.isSameText(next) && next.token < 0) return; // looking around is no question yet
    m_focus = next;
    if (now.isSameText(next))
        m_selection->move(next.token, next.head, this);
    else
        m_selection->set(next, this);
}

} // namespace orrery::ui
