// SPDX-License-Identifier: GPL-3.0-or-later
// Consolidation from the panel: whether there is anything to learn, what is asked first, and where the new model goes.
#include "plugins/memory/ui/consolidate_dialog.h"
#include "plugins/memory/ui/memory_feed.h"
#include "plugins/memory/ui/memory_learning.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "widgets/common/number_text.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/run_text.h"
#include "widgets/play/model_chooser.h"

#include <QAction>
#include <QFileInfo>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {
namespace {

const RunStatus *statusOf(const ui::EngineSession &session, const QString &run)
{
    const auto &runs = session.runs();
    const auto found = std::find_if(runs.begin(), runs.end(), [&run](const RunStatus &status) { return ui::fromStd(status.id) == run; });
    return run.isEmpty() || found == runs.end() ? nullptr : &*found;
}

} // namespace

QString MemoryPanel::whyNothingIsLearned() const
{
    if (m_session.connectionState() != ui::ConnectionState::Connected) return tr("The engine is not connected");
    if (m_feed->model().isEmpty()) return tr("Choose a model first");
    if (m_learning->isBusy()) return tr("A memory is being consolidated: wait until it has ended, or cancel it");
    if (m_noMemory) return ui::fromStd(m_noMemory->message);
    if (m_tiers.semanticSize == 0)
        return tr("This model has no semantic memory that could learn it: train with plugins.memory.semantic_size above 0");
    if (m_events->events().empty()) return tr("Nothing is remembered yet: let the model read a text that is longer than its window");
    if (!std::any_of(m_events->events().begin(), m_events->events().end(), [](const MemoryEvent &event) {
            return event.modalities.empty() || std::count(event.modalities.begin(), event.modalities.end(), Modality::Text) > 0;
        }))
        return tr("Only pictures and recordings are remembered, and they have no words to be learned");
    return {};
}

void MemoryPanel::enableConsolidation()
{
    const QString reason = whyNothingIsLearned();
    m_consolidate->setEnabled(reason.isEmpty() && !m_feed->isEditing());
    m_consolidate->setToolTip(ui::plainToolTip(
        reason.isEmpty() ? tr("A copy of the model learns for good what is remembered") : reason));
}

/// Beside the runs of the engine, under a name that is not taken as far as can be seen from here.
QString MemoryPanel::proposedModelFolder() const
{
    const QString model = m_feed->model(), run = runOfModel(model);
    const RunStatus *status = statusOf(m_session, run);
    const QString exact = m_chooser->exactModel();
    const qint64 step = run.isEmpty() || !exact.contains(u'@') ? -1 : exact.section(u'@', -1).toLongLong();
    const QString name = learnedName(status        ? ui::runTitle(*status)
                                     : run.isEmpty() ? model.section(u'/', -1, -1, QString::SectionSkipEmpty)
                                                     : run,
                                     step);
    const QString home = m_session.engine().home;
    const QString folder = (home.isEmpty() ? u"/tmp"_s : home) + u"/models/"_s + name;
    QString free = folder;
    for (int i = 2; m_session.isOfThisComputer() && QFileInfo::exists(free); ++i) free = folder + u'-' + QString::number(i);
    return free;
}

void MemoryPanel::askToConsolidate()
{
    if (m_question || m_feed->isEditing() || !whyNothingIsLearned().isEmpty()) return;
    const QString run = runOfModel(m_feed->model());
    const RunStatus *status = statusOf(m_session, run);
    ConsolidateDialog::Subject subject{.title = m_chooser->modelTitle(),
                                       .isOfRun = !run.isEmpty(),
                                       .folder = proposedModelFolder(),
                                       .learnable = learnableOf(m_events->events()),
                                       .model = {.context = std::max<qint64>(0, m_tiers.context),
                                                 .tokensPerSecond = status ? status->tokensPerSecond : 0,
                                                 .numParameters = status ? status->numParameters : 0}};
    auto *dialog = new ConsolidateDialog(m_session, std::move(subject), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    // Of the model that was shown then, and of what is loaded of it, whether a file has that or not.
    connect(dialog, &ConsolidateDialog::confirmed, this,
            [this, model = m_feed->model(), title = m_chooser->modelTitle()](ModelConsolidationRequest request) {
                request.model = ui::toStd(model);
                request.isLoaded = true;
                m_learning->start(request, title);
            });
    m_question = dialog;
    dialog->open();
}

} // namespace orrery::memory_ui
