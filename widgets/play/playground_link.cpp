// SPDX-License-Identifier: GPL-3.0-or-later
// The link to what stands in the playground: how it is asked and what, and, where this computer has the session, which
// answer and token are looked at. What stands there already is not lost to a link: it stays in its own session.
#include "widgets/play/playground_panel.h"

#include "widgets/common/segmented_choice.h"
#include "widgets/common/view_link.h"
#include "widgets/play/conversation_pane.h"
#include "widgets/play/conversation_view.h"
#include "widgets/play/model_chooser.h"
#include "widgets/play/prompt_edit.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/sampling_json.h"
#include "widgets/play/session_keeper.h"
#include "widgets/play/side_by_side.h"
#include "widgets/play/token_view.h"

#include <QJsonArray>
#include <QTextCursor>
#include <QToolButton>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr double kMostOfASetting = 1'000'000; ///< of a number in a link, whichever it is
constexpr qsizetype kMaxStops = 16;
constexpr std::array kColumns{"a"_L1, "b"_L1, "c"_L1};

/// As a person would: one step that can be undone.
void replaceText(QPlainTextEdit &editor, const QString &text)
{
    if (editor.toPlainText() == text) return;
    QTextCursor cursor(editor.document());
    cursor.select(QTextCursor::Document);
    cursor.insertText(text);
}

void addSampling(QVariantMap &state, const QString &prefix, const SamplingSettings &sampling)
{
    QJsonObject json{{u"max_tokens"_s, static_cast<qint64>(sampling.maxTokens)}};
    insertSampling(json, sampling);
    for (auto it = json.begin(); it != json.end(); ++it)
        state.insert(prefix + it.key(), it.key() == "stop"_L1 ? QVariant(it->toVariant().toStringList()) : it->toVariant());
}

/// Nothing: the link tells none. What it tells is within what the form has, whatever was written there.
std::optional<SamplingSettings> samplingIn(const QVariantMap &state, const QString &prefix)
{
    if (!state.contains(prefix + u"temperature"_s)) return std::nullopt;
    QJsonObject json{{u"seed"_s, state.value(prefix + u"seed"_s).toString()}};
    for (const auto key : {"temperature"_L1, "top_k"_L1, "top_p"_L1, "min_p"_L1, "typical_p"_L1, "repetition_penalty"_L1,
                           "penalty_window"_L1, "max_tokens"_L1}) {
        bool isNumber = false;
        const double value = state.value(prefix + key).toDouble(&isNumber);
        if (isNumber && std::isfinite(value)) json.insert(key, std::clamp(value, 0.0, kMostOfASetting));
    }
    json.insert(u"stop"_s, QJsonArray::fromStringList(state.value(prefix + u"stop"_s).toStringList().mid(0, kMaxStops)));
    SamplingSettings sampling = samplingOf(json);
    sampling.maxTokens = std::max<qint64>(1, json.value("max_tokens"_L1).toInteger(sampling.maxTokens));
    return sampling;
}

void addColumns(QVariantMap &state, const std::vector<ComparedColumn> &columns)
{
    for (size_t i = 0; i < std::min(columns.size(), kColumns.size()); ++i) {
        state.insert(kColumns[i], columns[i].model);
        if (!columns[i].sampling) continue;
        const QString prefix = kColumns[i] + u'.';
        addSampling(state, prefix, *columns[i].sampling);
        state.remove(prefix + u"seed"_s); // that of all
    }
}

/// Empty: the link has none.
std::vector<ComparedColumn> columnsIn(const QVariantMap &state)
{
    std::vector<ComparedColumn> columns;
    for (const auto name : kColumns)
        if (const QString model = state.value(name).toString(); !model.isEmpty())
            columns.push_back({model, samplingIn(state, name + u'.'), nullptr});
    return columns;
}

/// Whether the same are asked, whatever they said.
bool areSameColumns(const std::vector<ComparedColumn> &one, const std::vector<ComparedColumn> &other)
{
    QVariantMap left, right;
    addColumns(left, one);
    addColumns(right, other);
    return viewLinkText({u"play"_s, left}) == viewLinkText({u"play"_s, right});
}

QVariantMap withoutAnswer(QVariantMap state)
{
    for (const auto key : {"session"_L1, "begun"_L1, "version"_L1, "token"_L1}) state.remove(key);
    return state;
}

} // namespace

/// Which session of this computer, and what of it is looked at.
void PlaygroundPanel::addAnswer(QVariantMap &state) const
{
    if (!m_keeper || m_keeper->session() <= 0) return;
    state.insert(u"session"_s, m_keeper->session());
    state.insert(u"begun"_s, m_keeper->entry().createdUs); // another computer has other sessions of that number
    const bool isLocked = isConversation() ? m_conversation->view()->isLocked() : currentView()->isLocked();
    const TokenPlace place = isLocked ? currentPlace() : TokenPlace{};
    const VersionPtr version = place.version ? place.version : shown();
    if (!version || version->key <= 0) return;
    state.insert(u"version"_s, static_cast<qint64>(version->key));
    if (place.version) state.insert(u"token"_s, place.token);
}

QVariantMap PlaygroundPanel::viewState() const
{
    QVariantMap state{{u"mode"_s, m_mode->current()}, {u"model"_s, m_chooser->model()}};
    addSampling(state, {}, m_sampling->settings());
    if (m_view->isColored()) state.insert(u"colored"_s, true);
    if (m_sampling->wantsWhole()) state.insert(u"whole"_s, true);
    if (isComparing()) addColumns(state, m_compare->columns());
    addAnswer(state);
    const auto fits = [](const QVariantMap &one) { return viewLinkText({u"play"_s, one}).size() <= kMaxLinkLength; };
    const qsizetype length = m_prompt->document()->characterCount() + m_after->document()->characterCount();
    if (!isConversation() && length <= kMaxLinkLength) { // encoding makes them no shorter
        QVariantMap withText = state;
        withText.insert(u"prompt"_s, m_prompt->toPlainText());
        if (isInfill()) withText.insert(u"after"_s, m_after->toPlainText());
        if (fits(withText)) return withText; // half a text would be another one; a link is no place for a book
    }
    if (!fits(state)) // nor for pages of stop texts
        for (const QString &prefix : {QString(), u"a."_s, u"b."_s, u"c."_s}) state.remove(prefix + u"stop"_s);
    return state;
}

/// Whether a link takes the place of something that a person wrote or was told here.
bool PlaygroundPanel::replacesWork(const QVariantMap &link) const
{
    const SessionState now = state();
    if (now.isEmpty() || !(link.contains(u"prompt"_s) || link.contains(u"temperature"_s))) return false;
    const bool isOnlyText = now.versions.empty() && now.turns.empty() && now.message.isEmpty() && !now.hasCompared() &&
                            now.files.isEmpty() && now.messageFiles.isEmpty();
    const bool isSameText = now.prompt == link.value(u"prompt"_s).toString() &&
                            (now.after.isEmpty() || now.after == link.value(u"after"_s).toString());
    return !(isOnlyText && isSameText);
}

void PlaygroundPanel::restoreView(const QVariantMap &link)
{
    const qint64 session = link.value(u"session"_s).toLongLong(), begun = link.value(u"begun"_s).toLongLong();
    if (!m_keeper || (session > 0 && session == m_keeper->session() && begun == m_keeper->entry().createdUs))
        return showLink(link);
    const auto showElsewhere = [this, rest = withoutAnswer(link)] {
        if (!replacesWork(rest)) return showLink(rest);
        m_keeper->beginNew([this, rest] { showLink(rest); });
    };
    if (session <= 0) return showElsewhere();
    m_keeper->openBegun(session, begun, [this, link, showElsewhere](bool isOpen) { isOpen ? showLink(link) : showElsewhere(); });
}

void PlaygroundPanel::showLink(const QVariantMap &link)
{
    const std::vector<ComparedColumn> columns = columnsIn(link);
    if (!columns.empty()) {
        const SideBySidePane *pane = ensureComparison();
        const bool isSame = areSameColumns(columns, pane->columns());
        if (!isSame && pane->hasAnswers() && m_keeper) // they were asked something else since
            return m_keeper->beginNew([this, rest = withoutAnswer(link)] { showLink(rest); });
        if (!isSame) m_compare->setColumns(columns);
    }
    if (link.contains(u"mode"_s)) setMode(playModeOf(link.value(u"mode"_s).toString()));
    if (link.contains(u"prompt"_s)) replaceText(*m_prompt, link.value(u"prompt"_s).toString());
    if (link.contains(u"after"_s)) replaceText(*m_after, link.value(u"after"_s).toString());
    if (const std::optional<SamplingSettings> sampling = samplingIn(link, {})) {
        m_sampling->setSettings(*sampling);
        m_sampling->setWantsWhole(link.value(u"whole"_s).toBool());
        m_color->setChecked(link.value(u"colored"_s).toBool());
    }
    m_chooser->setModel(link.value(u"model"_s).toString());
    showLinkedAnswer(link);
}

void PlaygroundPanel::showLinkedAnswer(const QVariantMap &link)
{
    const qint64 key = link.value(u"version"_s).toLongLong();
    if (key <= 0) return;
    const auto isWanted = [key](const VersionPtr &version) { return version && version->key == key; };
    bool isNumber = false;
    const int wanted = link.value(u"token"_s).toInt(&isNumber);
    const int token = isNumber && wanted >= 0 ? wanted : -1;
    const auto lock = [token](TokenView *view) {
        if (token < 0 || token >= view->numTokens()) return;
        view->setCurrentToken(token, true);
        view->showToken(token);
    };
    if (isComparing()) {
        for (const SideColumn *column : m_compare->parts())
            if (isWanted(column->version())) return lock(column->view());
    } else if (isConversation()) {
        const std::vector<VersionPtr> path = m_conversation->model()->pathTo(isWanted);
        if (path.empty()) return;
        m_conversation->model()->showPath(path);
        const int row = m_conversation->model()->rowOfVersion(path.back());
        if (row < 0 || token < 0 || token >= std::ssize(path.back()->tokens)) return;
        m_conversation->view()->setCurrentToken(row, token, true);
        m_conversation->view()->showToken(row, token);
    } else if (const auto found = std::ranges::find_if(m_versions, isWanted); found != m_versions.end()) {
        showVersion(static_cast<int>(found - m_versions.begin()));
        lock(m_view);
    }
}

} // namespace orrery::ui
