// SPDX-License-Identifier: GPL-3.0-or-later
// An attention panel on a scripted engine with a sample run, for its tests.
#pragma once

#include "tests/widgets/attention/attention_samples.h"
#include "tests/widgets/common/gui_test.h"
#include "widgets/attention/attention_panel.h"
#include "widgets/attention/attention_stage.h"
#include "widgets/attention/bar_list.h"
#include "widgets/common/breadcrumbs.h"
#include "widgets/attention/frame_feed.h"
#include "widgets/attention/frame_slider.h"
#include "widgets/attention/head_page.h"
#include "widgets/attention/overview_page.h"
#include "widgets/attention/prompt_bar.h"
#include "widgets/attention/scrubber.h"
#include "widgets/attention/token_strip.h"
#include "widgets/common/banner.h"
#include "widgets/common/segmented_choice.h"
#include "widgets/common/tone_label.h"

#include <QAccessible>
#include <QBuffer>
#include <QComboBox>
#include <QFile>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QToolButton>

#include <cmath>
#include <memory>

namespace orrery::ui {

using namespace Qt::StringLiterals;

class AttentionFixture {
protected:
    void setUp()
    {
        m_session = std::make_unique<FakeSession>();
        m_session->setRuns({fakeRun("alpha"), fakeRun("beta", RunState::Finished)});
        m_session->specs[u"alpha"_s] = uR"({"probes":{"prompts":["int main(int argc","template <"]}})"_s;
        m_session->checkpoints[u"alpha"_s] = {{.step = 7'000}, {.step = 8'000, .isBest = true}};
        m_session->checkpoints[u"beta"_s] = {{.step = 12'000}};
        m_panel = std::make_unique<AttentionPanel>(*m_session);
        m_panel->resize(1264, 784);
    }

    void tearDown()
    {
        m_panel.reset();
        m_session.reset();
        QApplication::setFont(m_font);
        Theme::instance().apply(*qApp, ThemeKind::Light);
    }

    void open(const SampleModel &model = {}, int frames = 40)
    {
        addSampleFrames(*m_session, u"alpha"_s, model, frames, 10, double(frames) * 10);
        m_panel->show();
        m_panel->setRun(u"alpha"_s);
        QTRY_VERIFY(m_panel->snapshot() && !m_panel->feed()->isLoading());
        QTRY_COMPARE(m_panel->promptBar()->prompt(), 0);
        QTRY_COMPARE(m_panel->promptBar()->model(), u"alpha@live"_s);
        m_panel->flush();
        m_panel->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_panel.get()));
        overview()->setFocus();
    }

    [[nodiscard]] HeadView *map() const { return m_panel->stage()->head()->view(); }
    [[nodiscard]] OverviewView *overview() const { return m_panel->stage()->overview()->view(); }
    [[nodiscard]] qint64 shownStep() const
    {
        return m_panel->snapshot() ? m_panel->snapshot()->report.step : -1;
    }
    void openHead(const HeadRef &head)
    {
        m_panel->goTo({.level = StageLevel::Head, .head = head});
        m_panel->flush();
    }

    QFont m_font = QApplication::font();
    std::unique_ptr<FakeSession> m_session;
    std::unique_ptr<AttentionPanel> m_panel;
};

} // namespace orrery::ui
