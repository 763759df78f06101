// SPDX-License-Identifier: GPL-3.0-or-later
// Candidates with what sampling settings made of them.
#include "play_setup.h"

#include "widgets/play/branching.h"
#include "widgets/play/candidate_delegate.h"
#include "widgets/play/candidate_model.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/sampling_form.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QListView>
#include <QToolButton>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

GeneratedToken drawn(bool hasChances)
{
    GeneratedToken token{.id = 'b', .bytes = "b", .probability = 0.3, .entropy = 1};
    token.alternatives = {{'a', "a", 0.5}, {'b', "b", 0.3}, {'c', "c", 0.2}};
    if (!hasChances) return token;
    token.chance = token.alternatives[1].chance = 1;
    return token;
}

QString hintOf(const CandidateView &view) { return view.findChild<QLabel *>(u"candidateHint"_s)->text(); }

/// Of pixels of a colour beside each other.
int longestRun(const QImage &image, const QColor &color)
{
    int longest = 0;
    for (int y = 0; y < image.height(); ++y) {
        int run = 0;
        for (int x = 0; x < image.width(); ++x) {
            run = image.pixelColor(x, y).rgb() == color.rgb() ? run + 1 : 0;
            longest = std::max(longest, run);
        }
    }
    return longest;
}

} // namespace

class TestCandidates : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rowsHaveChancesWhereTheyAreKnown()
    {
        CandidateModel model;
        const QAbstractItemModelTester tester(&model);
        model.setToken(drawn(true));
        QVERIFY(model.hasChances());
        QCOMPARE(model.numCut(), 2);
        QCOMPARE(model.index(1).data(CandidateModel::ChanceRole).toDouble(), 1.0);
        QCOMPARE(model.index(0).data(CandidateModel::ChanceRole), QVariant(0.0));
        QCOMPARE(model.index(1).data(Qt::AccessibleTextRole).toString(),
                 u"b, probability 0.300, chance 1.000, taken"_s);
        QCOMPARE(model.index(0).data(Qt::AccessibleTextRole).toString(), u"a, probability 0.500, cut"_s);
        QVERIFY(model.index(0).data(Qt::ToolTipRole).toString().endsWith(u"cut before the draw"_s));
        model.setToken(drawn(false));
        QVERIFY(!model.hasChances());
        QCOMPARE(model.numCut(), 0);
        QVERIFY(!model.index(0).data(CandidateModel::ChanceRole).isValid());
        QCOMPARE(model.index(0).data(Qt::AccessibleTextRole).toString(), u"a, probability 0.500"_s);
        model.setProposal(drawn(true)); // nothing is drawn where a person chooses
        QVERIFY(!model.hasChances());
        model.setToken(std::nullopt);
        QVERIFY(!model.hasChances());
    }

    void aTakenTokenOutsideTheListHasItsChance()
    {
        CandidateModel model;
        GeneratedToken token = drawn(true);
        token.id = 'z';
        token.bytes = "z";
        token.chance = 0.25;
        model.setToken(token);
        QCOMPARE(model.rowCount(), 4);
        QCOMPARE(model.index(3).data(CandidateModel::ChanceRole).toDouble(), 0.25);
    }

    void theHeaderComesWithTheChances()
    {
        CandidateView view;
        view.resize(270, 500);
        view.show();
        const auto *header = view.findChild<CandidateHeader *>();
        QVERIFY(!header->isVisible());
        view.showToken(3, drawn(true), false);
        QVERIFY(header->isVisible());
        QVERIFY2(hintOf(view).endsWith(u"2 of these 3 were cut."_s), qPrintable(hintOf(view)));
        view.showToken(3, drawn(true), true);
        QVERIFY(hintOf(view).startsWith(u"Locked."_s) && hintOf(view).endsWith(u"2 of these 3 were cut."_s));
        // What the bars are is told while it is locked, too.
        QVERIFY2(hintOf(view).contains(u"chance to be drawn, after the sampling settings"_s),
                 qPrintable(hintOf(view)));
        view.showToken(4, drawn(false), false);
        QVERIFY(!header->isVisible());
        QVERIFY(!hintOf(view).contains(u"cut"_s));
        QVERIFY2(hintOf(view).contains(u"in blue the token that was taken"_s), qPrintable(hintOf(view)));
        view.showProposal(4, drawn(true));
        QVERIFY(!header->isVisible());
    }

    void theHeaderHasTheColorsOfTheBars()
    {
        CandidateView view;
        view.resize(270, 500);
        view.show();
        view.showToken(3, drawn(true), true);
        auto *header = view.findChild<CandidateHeader *>();
        const QImage image = header->grab().toImage();
        QCOMPARE(longestRun(image, Theme::instance().tokens().accent), 7);
        QCOMPARE(longestRun(image, Theme::instance().tokens().secondary), 7);
        QVERIFY(header->toolTip().contains(u"after the sampling settings"_s));
    }

    void theCopyHasAColumnOfThem()
    {
        CandidateView view;
        view.showToken(3, drawn(true), false);
        for (QToolButton *button : view.findChildren<QToolButton *>())
            if (button->accessibleName() == u"Copy the candidates"_s) button->click();
        QCOMPARE(QGuiApplication::clipboard()->text(),
                 u"token\tprobability\tchance\na\t0.5\t0\nb\t0.3\t1\nc\t0.2\t0\n"_s);
    }

    void aChosenCandidateBringsItsOwnChance()
    {
        const GeneratedToken place = drawn(true);
        QCOMPARE(chosenToken(place, place.alternatives[0]).chance, 0.0);
        QCOMPARE(chosenToken(place, place.alternatives[1]).chance, 1.0);
    }

    /// The engine was asked at another temperature than anybody set.
    void whatAPersonTakesHasNoChance()
    {
        Setup setup;
        setup.panel->sampling()->setManual(true);
        setup.panel->generate();
        Q_EMIT setup.generation().tokens({drawn(true)});
        Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
        const CandidateView *candidates = setup.panel->candidates();
        QTRY_COMPARE(candidates->model()->rowCount(), 3);
        QTest::keyClick(candidates->list(), Qt::Key_2);
        Q_EMIT setup.generation().finished(summaryOf(FinishReason::MaxTokens));
        setup.panel->stop();
        setup.panel->transcript()->setCurrentToken(0, true);
        QVERIFY(candidates->model()->index(1).data(CandidateModel::IsTakenRole).toBool());
        QVERIFY(!candidates->model()->hasChances());
    }

    void rowsArePaintedInAnyWidth()
    {
        CandidateView view;
        view.showToken(0, drawn(true), false);
        const auto bar = [&view](int width) {
            view.resize(width, 300);
            return longestRun(view.list()->grab().toImage(), Theme::instance().tokens().accent);
        };
        // The bar of the taken one's chance, which is 1, is as long as there is room, and left out where
        // there is none.
        QVERIFY2(bar(90) < 16, qPrintable(QString::number(bar(90))));
        QVERIFY2(bar(270) >= 16, qPrintable(QString::number(bar(270))));
        QVERIFY2(bar(600) > bar(270) + 200, qPrintable(QString::number(bar(600))));
    }
};

QTEST_MAIN(TestCandidates)
#include "tst_candidates.moc"
