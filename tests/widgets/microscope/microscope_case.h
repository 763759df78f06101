// SPDX-License-Identifier: GPL-3.0-or-later
// A microscope on sample answers, and what a test does with it. GUI thread only.
#pragma once

#include "tests/widgets/common/gui_test.h"
#include "tests/widgets/microscope/microscope_samples.h"
#include "widgets/microscope/microscope_feed.h"
#include "widgets/microscope/microscope_panel.h"
#include "widgets/microscope/section.h"
#include "widgets/microscope/table_view.h"

#include <QLabel>

#include <memory>

namespace orrery::ui {

using namespace Qt::StringLiterals;

class MicroscopeCase {
protected:
    QString m_model, m_title;
    std::shared_ptr<const GenerateRequest> m_text;
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<Selection> m_selection;
    std::unique_ptr<MicroscopePanel> m_panel;

    void setUp(QSize size)
    {
        m_model = u"alpha@8000"_s;
        m_title = u"Probe prompt 0"_s;
        m_text = sampleText();
        m_session = std::make_unique<FakeSession>();
        m_session->setRuns({fakeRun("alpha")});
        answerWithSamples(*m_session, {});
        m_selection = std::make_unique<Selection>();
        m_panel = std::make_unique<MicroscopePanel>(*m_session, *m_selection);
        m_panel->resize(size);
    }
    void tearDown()
    {
        m_panel.reset();
        m_selection.reset();
        m_session.reset();
    }
    [[nodiscard]] Focus at(int64_t token, std::optional<HeadRef> head = {}) const
    {
        return {.model = m_model, .title = m_title, .text = m_text, .token = token, .head = head};
    }
    void open(int64_t token, std::optional<HeadRef> head = {})
    {
        m_panel->show();
        m_panel->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_panel.get()));
        m_selection->set(at(token, head), nullptr);
        settle();
        QVERIFY(m_panel->feed()->isCurrent());
    }
    void settle()
    {
        QTRY_VERIFY(!m_panel->feed()->isAsking());
        QTest::qWait(30);
        QTRY_VERIFY(!m_panel->feed()->isAsking());
    }
    [[nodiscard]] QString text(const char *name) const { return child<QLabel>(m_panel.get(), name)->text(); }
    [[nodiscard]] ReadingTableView *table(MicroscopeSection kind) const { return m_panel->section(kind)->view(); }
    [[nodiscard]] size_t numAsked() const { return m_session->inspections.size(); }
};

} // namespace orrery::ui
