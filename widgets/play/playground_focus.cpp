// SPDX-License-Identifier: GPL-3.0-or-later
// The playground and the window's selection: a token that is locked here is looked at everywhere, and a token
// of a shown answer that is looked at elsewhere is locked here.
#include "widgets/play/playground_panel.h"

#include "widgets/common/segmented_choice.h"
#include "widgets/play/branching.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/token_view.h"
#include "widgets/session/selection.h"

namespace orrery::ui {
namespace {

/// The step that was loaded rather than "the newest one", which moves on.
QString loadedModel(const GenerationVersion &version)
{
    if (version.model.contains(u'/') || !version.info || version.info->name.isEmpty()) return version.model;
    return version.info->name;
}

/// Whether all of the text can be told, with the places of its tokens.
bool isCounted(const GenerationVersion &version)
{
    return !version.isRunning && version.summary && version.summary->promptTokens > 0;
}

/// Token of the answer that a focus on its text means; -1: none of them.
int64_t answerToken(const GenerationVersion &version, const Focus &focus)
{
    if (focus.text == version.prefixText && focus.token < 0)
        return static_cast<int64_t>(version.prefixText->answerIds.size());
    if (focus.text != version.wholeText || focus.token < 0 || !version.summary) return -1;
    return focus.token - version.summary->promptTokens + 1;
}

} // namespace

void PlaygroundPanel::setSelection(Selection *selection)
{
    if (m_selection) m_selection->disconnect(this);
    m_selection = selection;
    if (m_selection) connect(m_selection, &Selection::changed, this, &PlaygroundPanel::takeFocus);
}

Focus PlaygroundPanel::focusOf(const TokenPlace &place) const
{
    GenerationVersion &version = *place.version;
    Focus focus;
    focus.model = loadedModel(version);
    if (place.row >= 0) {
        focus.title = tr("Turn %1").arg(place.row + 1);
        const Turn &turn = m_conversation->model()->turn(place.row);
        if (turn.versions.size() > 1) focus.title = tr("%1, version %2").arg(focus.title).arg(turn.shown + 1);
    } else {
        focus.title = tr("Answer %1").arg(m_shown + 1);
    }
    const auto textWith = [&](size_t numTokens) {
        auto text = std::make_shared<GenerateRequest>(
            place.row >= 0 ? m_conversation->requestOf(place.row, version) : version.request);
        text->answerIds = tokenIds(version, numTokens);
        return text;
    };
    const auto token = static_cast<size_t>(place.token);
    if (isCounted(version)) {
        if (!version.wholeText || version.wholeText->answerIds.size() != version.tokens.size())
            version.wholeText = textWith(version.tokens.size());
        focus.text = version.wholeText;
        focus.token = version.summary->promptTokens + place.token - 1;
    } else {
        if (!version.prefixText || version.prefixText->answerIds.size() != token)
            version.prefixText = textWith(token);
        focus.text = version.prefixText;
    }
    return focus;
}

void PlaygroundPanel::publishFocus(const TokenPlace &place)
{
    if (!m_selection || m_isTakingFocus) return;
    Focus focus = focusOf(place);
    const Focus &before = m_selection->focus();
    if (before.model == focus.model) focus.head = before.head;
    if (focus.isSameText(before))
        m_selection->move(focus.token, focus.head, this);
    else
        m_selection->set(focus, this);
}

void PlaygroundPanel::takeFocus(const Focus &focus, QObject *by)
{
    if (by == this || !focus.text) return;
    m_isTakingFocus = true;
    if (isConversation()) {
        const ConversationModel *model = m_conversation->model();
        for (int row = model->numTurns() - 1; row >= 0; --row) {
            if (model->turn(row).role != TurnRole::Assistant) continue;
            const int64_t token = answerToken(*model->turn(row).version(), focus);
            if (token < 0 || token >= std::ssize(model->turn(row).version()->tokens)) continue;
            m_conversation->view()->setCurrentToken(row, static_cast<int>(token), true);
            m_conversation->view()->showToken(row, static_cast<int>(token));
            break;
        }
    } else if (const VersionPtr version = shown()) {
        const int64_t token = answerToken(*version, focus);
        if (token >= 0 && token < m_view->numTokens()) {
            m_view->setCurrentToken(static_cast<int>(token), true);
            m_view->showToken(static_cast<int>(token));
        }
    }
    m_isTakingFocus = false;
}

void PlaygroundPanel::lookInside()
{
    TokenPlace place = currentPlace();
    if (!place.version) place = lastPlace();
    if (!place.version) return;
    if (place.row >= 0)
        m_conversation->view()->setCurrentToken(place.row, place.token, true);
    else
        m_view->setCurrentToken(place.token, true);
    publishFocus(place); // it may have been locked before, and something else looked at since
    Q_EMIT inspectRequested();
}

} // namespace orrery::ui
