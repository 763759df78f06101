// SPDX-License-Identifier: Apache-2.0
// What was not measured has not passed. Times are no claim of a test.
#include "bench/inspect_sections.h"
#include "tests/base/check_result.h"

#include <QtTest>

using namespace orrery;

class TestInspectWhatIf : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aMemoryThatIsNotMeasuredHasNotPassed_data()
    {
        QTest::addColumn<bool>("isSmoke");
        QTest::newRow("the plugin is missing, and a smoke gives no verdict") << true;
        QTest::newRow("nobody prepares plugins") << false;
    }
    void aMemoryThatIsNotMeasuredHasNotPassed()
    {
        QFETCH(const bool, isSmoke);
        bench::InspectBenchOptions options;
        options.isSmoke = isSmoke;
        if (isSmoke)
            options.preparePlugins = [](const RunSpec &) -> Result<void> {
                return Error{ErrorCode::NotFound, "no plugin here", ""};
            };
        const auto section = bench::measureWhatIf(options);
        VERIFY_OK(section);
        QCOMPARE(section->hasPassed, isSmoke);
        QVERIFY(section->figures.contains("head_ablated"));
        QVERIFY(section->figures.contains("memory_left_out"));
        QVERIFY(!section->figures.contains("memory_event_forgotten"));
    }
};

QTEST_GUILESS_MAIN(TestInspectWhatIf)
#include "tst_inspect_whatif.moc"
