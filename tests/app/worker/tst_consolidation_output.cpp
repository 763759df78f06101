// SPDX-License-Identifier: Apache-2.0
#include "app/worker/consolidation_output.h"
#include "tests/base/check_result.h"

#include <QtTest>

using namespace orrery;
using namespace orrery::worker;

class TestConsolidationOutput : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void showsNamesInOneLine()
    {
        const std::vector<std::string> names = {"talk", "evil\x1b[31m\nline\x7f\xc2\x9b", "broken \xff"};
        const auto lines = consolidationLines({.directory = "out", .learned = names, .protectedFrom = {}});
        QCOMPARE(qtext(lines.back()).section(u';', 0, 0),
                 QString("learned from talk, evil [31m line  , broken \uFFFD"));
    }
    void namesEightAtMost()
    {
        const std::vector<std::string> names(10, "a");
        const auto lines = consolidationLines({.directory = "out", .learned = names, .protectedFrom = {}});
        QCOMPARE(qtext(lines.back()).section(u';', 0, 0),
                 QString("learned from a, a, a, a, a, a, a, a and 2 more"));
    }
};

QTEST_GUILESS_MAIN(TestConsolidationOutput)
#include "tst_consolidation_output.moc"
