// SPDX-License-Identifier: Apache-2.0
// A memory panel on the sample memory, opened and answered. GUI thread only.
#pragma once

#include "plugins/memory/tests/memory_panel_samples.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/panel_tools.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"

#include <QAbstractButton>
#include <QAction>
#include <QLabel>

namespace orrery::memory_ui {

struct PanelFixture {
    ui::MemorySession session;
    std::unique_ptr<MemoryPanel> panel;

    PanelFixture() { ui::fillMemory(session); }
    ~PanelFixture() { panel.reset(); }
    void open(QSize size = {1'100, 800})
    {
        panel = std::make_unique<MemoryPanel>(session);
        panel->resize(size);
        panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(panel.get()));
        QTRY_COMPARE(panel->events()->rowCount(), int(session.memory.events.size()));
        session.edits.clear();
        session.inspections.clear();
    }
    template <typename Widget> Widget *part(const char *name) const
    {
        return ui::child<Widget>(panel.get(), name);
    }
    [[nodiscard]] QString text(const char *label) const
    {
        const auto *found = part<QLabel>(label);
        const auto *elided = qobject_cast<const ui::ElidedLabel *>(found);
        return elided ? elided->fullText() : found->text();
    }
    void press(const char *choice, const QString &id) const
    {
        part<ui::SegmentedChoice>(choice)->button(id)->click();
    }
    /// As the menu does it: what can be done is asked first.
    void trigger(const char *action) const
    {
        ui::PanelTools::of(*panel)->refresh();
        part<QAction>(action)->trigger();
    }
    [[nodiscard]] const MemoryEvent *event(int64_t id) const
    {
        const int index = panel->events()->indexOfId(id);
        return index < 0 ? nullptr : &panel->events()->events()[size_t(index)];
    }
};

} // namespace orrery::memory_ui
