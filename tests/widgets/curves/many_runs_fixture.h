// SPDX-License-Identifier: GPL-3.0-or-later
// The curves panel over an engine with several runs, for its tests.
#pragma once

#include "fake_session.h"
#include "widgets/common/panel_frame.h"
#include "widgets/curves/curves_overlay.h"
#include "widgets/curves/curves_panel.h"
#include "widgets/curves/curves_toolbar.h"
#include "widgets/curves/overlay_bar.h"
#include "widgets/curves/readout_view.h"
#include "widgets/plots/plot_view.h"

#include <QComboBox>
#include <QTest>

#include <cmath>

namespace orrery::ui::test {

using namespace Qt::StringLiterals;

inline QString runName(int index) { return u"run-"_s + QString::number(index).rightJustified(3, u'0'); }

inline QString specJson(double lr, int seed, int batch)
{
    return u"{\"name\":\"n%2\",\"seed\":%2,\"optimizer\":{\"lr\":%1},\"train\":{\"batch_size\":%3,\"accumulation\":2},"
           "\"model\":{\"context\":100}}"_s.arg(lr)
        .arg(seed)
        .arg(batch);
}

/// Runs 0 … n − 1; the loss of run i at step s is i + 1 + 4·exp(−s/100). Two rates of learning, a seed each.
struct ManyRunsFixture {
    FakeSession session;
    CurvesPanel panel{session};

    explicit ManyRunsFixture(int numRuns, int64_t numSteps = 400, RunState state = RunState::Finished)
    {
        for (int i = 0; i < numRuns; ++i) {
            const QString run = runName(i);
            session.addRun(run, state);
            session.specs[run] = specJson(i % 2 == 0 ? 0.001 : 0.002, i, i == 2 ? 8 : 4);
            for (int64_t step = 1; step <= numSteps; ++step) {
                const StepReport report = makeReport(step, i + 1 + 4 * std::exp(-double(step) / 100));
                for (const MetricValue &metric : report.values)
                    session.points[run][metric.series].push_back({step, report.wallTime + 1000 * i, 0, metric.value});
            }
        }
        panel.resize(1000, 700);
        panel.toolbar()->setSmoothing(0);
        panel.show();
        panel.setRun(runName(0));
        settle();
    }
    void settle()
    {
        QCoreApplication::processEvents();
        panel.flush();
        QCoreApplication::processEvents();
        panel.flush();
        QCoreApplication::processEvents();
    }
    void overlay(int numRuns)
    {
        QStringList runs;
        for (int i = 1; i < numRuns; ++i) runs << runName(i);
        panel.setOverlaidRuns(runs);
        settle();
    }
    void groupBy(const QString &key)
    {
        auto *box = panel.overlay()->bar()->findChild<QComboBox *>(u"overlayGroup"_s);
        box->setCurrentIndex(box->findData(key));
        Q_EMIT box->activated(box->currentIndex());
        settle();
    }
    [[nodiscard]] PlotView *loss() { return panel.chart(CurvesPanel::Loss); }
    [[nodiscard]] PanelFrame &frame()
    {
        for (auto *frame : panel.findChildren<PanelFrame *>())
            if (frame->view().panel == u"curves") return *frame;
        qFatal("no frame");
    }
    /// Rows of runs or groups, in order: "name value".
    [[nodiscard]] QStringList rows()
    {
        QStringList rows;
        for (const ReadingRow &row : panel.readout()->reading().rows)
            if (row.kind == ReadingKind::Run) rows << row.label + u' ' + row.value;
        return rows;
    }
    void moveTo(double x, double y)
    {
        const QPoint place(qRound(loss()->pixelOfX(x)), qRound(loss()->pixelOfY(y)));
        QTest::mouseMove(loss(), place + QPoint(2, 0));
        QTest::mouseMove(loss(), place);
        QTest::qWait(50);
    }
};

} // namespace orrery::ui::test
