// SPDX-License-Identifier: GPL-3.0-or-later
// Where one is: the model, the event of its memory, a token of that.
#include "plugins/memory/ui/event_details.h"
#include "plugins/memory/ui/memory_figure.h"
#include "plugins/memory/ui/memory_panel.h"
#include "plugins/memory/ui/slot_model.h"
#include "plugins/memory/ui/what_if_pane.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/common/number_text.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/play/model_chooser.h"

using namespace Qt::StringLiterals;

namespace orrery::memory_ui {

void MemoryPanel::showPlace()
{
    const auto &event = m_details->event();
    m_crumbs->setVisible(event.has_value());
    if (!event) return;
    QStringList path{m_chooser->modelTitle(), tr("Event %1").arg(ui::integerText(event->id))};
    const SlotModel *tokens = m_details->slotModel();
    if (const int row = tokens->rowOfSlot(m_selectedSlot); row >= 0) path << u"“%1”"_s.arg(tokens->tokenText(row));
    m_crumbs->setPath(path);
}

/// From a token to its event, from an event to all of what is remembered.
void MemoryPanel::goUpTo(int level)
{
    if (level == 0)
        selectEvent(0);
    else
        selectSlot(-1);
}

/// What a figure shows beside the map of likeness.
MemoryFigure MemoryPanel::shownFigure() const
{
    const bool isCompared = m_whatIf->hasAnswer() && m_tabs->current() == u"whatif";
    return {.title = tr("Memory of %1").arg(m_chooser->modelTitle()),
            .strip = m_strip,
            .whatIf = isCompared ? m_whatIf : nullptr};
}

} // namespace orrery::memory_ui
