// SPDX-License-Identifier: Apache-2.0
// A memory panel with an engine that a test scripts, empty or on the sample memory, and its parts by name.
// GUI thread only.
#pragma once

#include "plugins/memory/tests/memory_panel_samples.h"
#include "plugins/memory/ui/memory_model.h"
#include "plugins/memory/ui/memory_panel.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/tone_label.h"

#include <QLabel>

#include <memory>

namespace orrery::memory_ui {

using namespace Qt::StringLiterals;
using namespace orrery::ui;

class MemoryPanelCase {
protected:
    std::unique_ptr<MemorySession> m_session;
    std::unique_ptr<MemoryPanel> m_panel;

    void open(bool isFilled = true)
    {
        m_session = std::make_unique<MemorySession>();
        if (isFilled) fillMemory(*m_session);
        m_panel = std::make_unique<MemoryPanel>(*m_session);
        m_panel->resize(1'000, 760);
    }
    void show()
    {
        m_panel->show();
        QVERIFY(QTest::qWaitForWindowExposed(m_panel.get()));
    }
    void openSample()
    {
        open();
        show();
        QTRY_COMPARE(m_panel->events()->rowCount(), 6);
        QTRY_VERIFY(text("tierWorkingValue").contains(u"256"));
        m_session->edits.clear();
    }
    [[nodiscard]] QString text(const char *label) const
    {
        const auto *found = child<QLabel>(m_panel.get(), label);
        const auto *elided = qobject_cast<const ElidedLabel *>(found);
        return elided ? elided->fullText() : found->text();
    }
    template <typename Widget> Widget *part(const char *name) const
    {
        return child<Widget>(m_panel.get(), name);
    }
    [[nodiscard]] QString emptyTitle() const { return part<EmptyState>("memoryEmpty")->accessibleName(); }
    [[nodiscard]] QString emptySentence() const
    {
        return part<EmptyState>("memoryEmpty")->accessibleDescription();
    }
    [[nodiscard]] bool isEmptyShown() const { return part<EmptyState>("memoryEmpty")->isVisible(); }
    [[nodiscard]] const MemoryEvent &memoryOf(int64_t id) const
    {
        return m_panel->events()->events()[size_t(m_panel->events()->indexOfId(id))];
    }
    void answerEdits()
    {
        while (m_session->answerEdit()) {
        }
    }
    void tearDown()
    {
        m_panel.reset();
        m_session.reset();
    }
};

} // namespace orrery::memory_ui
