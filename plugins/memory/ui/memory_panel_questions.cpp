// SPDX-License-Identifier: GPL-3.0-or-later
// What the panel asks beside the list of events: what would be said if, how alike events are, what tokens are
// called, and what was read where the window looks.
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/memory_text.h"
#include "plugins/memory/ui/reads_model.h"
#include "plugins/memory/ui/reads_pane.h"
#include "plugins/memory/ui/similarity_page.h"
#include "plugins/memory/ui/slot_model.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/attention/model_question.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"

#include <QAbstractButton>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;
using orrery::ui::integerText;

namespace orrery::memory_ui {
namespace {

constexpr int kNamesDelayMs = 150;
constexpr qsizetype kMaxTabLetters = 6; ///< of a token: the tab is no wider than before
constexpr size_t kMaxNames = 256; ///< tokens of one question
constexpr int32_t kNumCandidates = 12;

} // namespace

void MemoryPanel::connectQuestions()
{
    connect(m_preview, &ui::ModelQuestion::answered, this, [this](const InspectReport &report) {
        m_names.learn(report);
        m_lastReads.note(report);
        m_details->namesChanged();
        m_whatIf->showReport(report);
    });
    connect(m_preview, &ui::ModelQuestion::failed, m_whatIf, &WhatIfPane::showError);
    connect(m_preview, &ui::ModelQuestion::stateChanged, this, &MemoryPanel::showState);
    connect(m_whatIf, &WhatIfPane::previewRequested, this, &MemoryPanel::askPreview);
    connect(m_whatIf, &WhatIfPane::cancelRequested, m_preview, &ui::ModelQuestion::cancel);
    connect(m_whatIf, &WhatIfPane::applyRequested, this, &MemoryPanel::apply);
    connect(m_whatIf, &WhatIfPane::wholeEventRequested, this, [this] { selectSlot(-1); });
    connect(m_whatIf, &WhatIfPane::promptChanged, this, &MemoryPanel::stateChanged);

    connect(m_namesQuestion, &ui::ModelQuestion::answered, this, [this](const InspectReport &report) {
        m_names.learn(report);
        m_details->namesChanged();
        m_reads->namesChanged();
        showTarget();
    });
    m_namesTimer.setSingleShot(true);
    m_namesTimer.setInterval(kNamesDelayMs);
    connect(&m_namesTimer, &QTimer::timeout, this, &MemoryPanel::askNames);

    connect(m_feed, &MemoryFeed::compared, this, [this](const MemoryReport &report) {
        m_similarity->showReport(report, m_events->events());
        m_similarity->map()->setSelected(m_selectedId);
    });
    connect(m_feed, &MemoryFeed::compareFailed, m_similarity, &SimilarityPage::showError);
    connect(m_similarity, &SimilarityPage::asked, this, [this] {
        m_isLikenessOld = true;
        askSimilarity();
    });
    connect(m_similarity, &SimilarityPage::orderChanged, this, &MemoryPanel::stateChanged);
    connect(m_similarity->map(), &SimilarityMap::eventChosen, this, &MemoryPanel::selectEvent);

    connect(m_feed, &MemoryFeed::looked, this, [this](const QString &model, const InspectReport &report) {
        if (model == m_feed->model()) { // another one may have another tokenizer
            m_names.learn(report);
            m_lastReads.note(report);
            m_details->namesChanged();
        }
        m_reads->showReport(report, m_lookSubject);
        askNames(); // of the remembered tokens that were read
    });
}

void MemoryPanel::showTarget()
{
    showPlace();
    const auto &event = m_details->event();
    if (!event) return m_whatIf->setTarget({});
    WhatIfTarget target{.event = event->id,
                        .slot = m_selectedSlot,
                        .name = {},
                        .strength = 1,
                        .source = event->source,
                        .firstToken = event->firstToken,
                        .lastToken = event->lastToken};
    const SlotModel *tokens = m_details->slotModel();
    if (const int row = tokens->rowOfSlot(m_selectedSlot); row >= 0) {
        target.name = tr("token “%1” of event %2").arg(tokens->tokenText(row), integerText(event->id));
        target.strength = tokens->strength(row);
    } else {
        target.name = tr("event %1").arg(integerText(event->id));
        const auto &all = event->strengths;
        if (!all.empty())
            target.strength =
                std::all_of(all.begin(), all.end(), [&](float one) { return one == all.front(); })
                    ? static_cast<double>(all.front())
                    : std::nan("");
    }
    m_whatIf->setTarget(target);
}

void MemoryPanel::askPreview()
{
    const auto wanted = m_whatIf->edit();
    if (!wanted || m_feed->model().isEmpty()) return;
    InspectRequest request;
    request.input.prompt = ui::toStd(m_whatIf->prompt());
    request.input.sampling.numAlternatives = kNumCandidates;
    request.wantsOverview = false;
    request.withMemory = true;
    request.memoryEdits = {*wanted};
    m_preview->ask(m_feed->model(), request);
}

void MemoryPanel::askNames()
{
    if (!isVisible() || m_session.connectionState() != ui::ConnectionState::Connected) return;
    std::vector<int32_t> ids = m_reads->model()->tokenIds();
    if (const auto &event = m_details->event())
        for (size_t i = 0; i < event->tokenIds.size(); ++i)
            if (i >= event->modalities.size() || mediaTokenText(event->modalities[i]).isEmpty())
                ids.push_back(event->tokenIds[i]);
    InspectRequest request;
    request.input.promptIds = m_names.unknownOf(ids);
    if (request.input.promptIds.empty()) return;
    if (request.input.promptIds.size() > kMaxNames) request.input.promptIds.resize(kMaxNames);
    request.input.sampling.numAlternatives = 0;
    request.wantsOverview = false;
    m_namesQuestion->ask(m_feed->model(), request); // without an answer, their numbers stand there
}

void MemoryPanel::askSimilarity()
{
    if (!m_isLikenessOld || !m_similarity->isVisible() || m_events->events().size() < 2 ||
        m_session.connectionState() != ui::ConnectionState::Connected)
        return;
    m_isLikenessOld = false;
    m_feed->askSimilarity(SimilarityPage::kMaxEvents);
}

void MemoryPanel::follow(ui::Selection &selection)
{
    m_selection = &selection;
    m_isFocusNew = true;
    connect(&selection, &ui::Selection::changed, this, [this] {
        m_isFocusNew = true;
        nameReads();
        lookAtFocus();
    });
    nameReads();
    lookAtFocus();
}

/// A click elsewhere shows here, too, while another page is open: the tab says which token it would be of.
void MemoryPanel::nameReads()
{
    QAbstractButton *tab = m_tabs->button(u"reads"_s);
    QString name;
    if (m_selection && !m_selection->focus().isEmpty() && m_selection->focus().token >= 0) {
        const ui::Focus &focus = m_selection->focus();
        const auto at = static_cast<size_t>(focus.token), begin = focus.text->promptIds.size();
        const auto &answer = focus.text->answerIds;
        const int32_t id = at < begin ? focus.text->promptIds[at] : at - begin < answer.size() && begin > 0 ? answer[at - begin] : -1;
        name = id >= 0 && m_names.knows(id) ? u'“' + m_names.nameOf(id).left(kMaxTabLetters) + u'”' : integerText(focus.token);
    }
    const QString plain = tr("What was read"), what = tr("What the heads read from their memories at a token");
    tab->setText(name.isEmpty() ? plain : tr("Read at %1", "tab").arg(name));
    tab->setAccessibleName(tab->text());
    tab->setToolTip(name.isEmpty() ? what
                                   : tr("What the heads read from their memories at token %1 of %2")
                                         .arg(integerText(m_selection->focus().token), m_selection->focus().title));
}

void MemoryPanel::lookAtFocus()
{
    const bool isSeen = isVisible() && m_tabs->current() == u"reads";
    if (!m_selection || !m_isFocusNew || !isSeen || m_selection->focus().isEmpty() ||
        m_session.connectionState() != ui::ConnectionState::Connected)
        return;
    m_isFocusNew = false;
    const ui::Focus &focus = m_selection->focus();
    const bool isOtherModel = focus.model != m_feed->model();
    m_lookSubject = isOtherModel ? tr("%1, read by %2").arg(focus.title, focus.model) : focus.title;
    InspectRequest request;
    request.input = *focus.text;
    request.token = focus.token;
    request.wantsOverview = false;
    request.wantsUses = true;
    request.asSaid = !focus.model.endsWith(u"@live"); // what it remembered when it said the token, where that is kept
    m_feed->lookAt(focus.model, request);
}

/// Behind what is remembered, as `inspect memory` reads it. Where nothing is, as any text is read: a model
/// without an episodic memory has a semantic one, perhaps.
void MemoryPanel::lookAtPrompt()
{
    m_lookSubject.clear();
    m_tabs->button(u"reads"_s)->setText(tr("What was read")); // of the text in its field
    InspectRequest request;
    request.input.prompt = ui::toStd(m_reads->prompt());
    request.wantsOverview = false;
    request.withMemory = m_status && m_status->numUsed > 0;
    request.wantsUses = true;
    m_feed->lookAt(m_feed->model(), request);
}

} // namespace orrery::memory_ui
