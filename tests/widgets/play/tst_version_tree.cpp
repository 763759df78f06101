// SPDX-License-Identifier: GPL-3.0-or-later
// How versions come out of each other, the tree of them, and what a draft keeps of it.
#include "play_setup.h"

#include "widgets/play/branching.h"
#include "widgets/play/old_draft.h"
#include "widgets/play/version_tree.h"

#include <QAbstractItemModelTester>
#include <QJsonDocument>
#include <QSignalSpy>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

VersionPtr versionOf(const std::string &text)
{
    auto version = std::make_shared<GenerationVersion>();
    version->model = u"code@8000"_s;
    version->modelTitle = u"code"_s;
    version->request.prompt = "Hello";
    version->tokens = tokensOf(text);
    return version;
}

VersionPtr branchOf(const VersionPtr &parent, int token, const std::string &text)
{
    SamplingSettings sampling;
    sampling.seed = 5;
    const VersionPtr version = branchedVersion(parent, token, {'z', "z", 0.2}, sampling);
    for (const GeneratedToken &token : tokensOf(text)) version->tokens.push_back(token);
    return version;
}

/// "0 1.2 1.1": index and depth of each row.
QString shape(const std::vector<VersionPtr> &versions)
{
    QStringList rows;
    for (const VersionRow &row : versionTree(versions))
        rows << QString::number(row.index) + u'.' + QString::number(row.depth) +
                    (row.isLast ? u"!"_s : u""_s);
    return rows.join(u' ');
}

} // namespace

class TestVersionTree : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aBranchBeginsAsItsParent();
    void goingOnKeepsTheToken();
    void againBeginsWithWhatWasGiven();
    void endTokensDependOnTheRequest();
    void saysWhatItPartsWith();
    void standsInTheOrderOfThePlaces();
    void linesGoOnBesideDeeperVersions();
    void childrenOfAVersionThatIsGoneMoveUp();
    void modelSaysHowItWent();
    void tableHasParentsAndPlaces();
    void oldDraftsTakeAnything();
};

void TestVersionTree::aBranchBeginsAsItsParent()
{
    const VersionPtr parent = versionOf("abcd");
    parent->tokens[1].probability = 0.9;
    SamplingSettings sampling;
    sampling.maxTokens = 7;
    const VersionPtr branch = branchedVersion(parent, 2, {'z', "z", 0.2}, sampling);
    QCOMPARE(branch->text(), std::string("abz"));
    QCOMPARE(branch->request.answerIds, (std::vector<int32_t>{'a', 'b', 'z'}));
    QCOMPARE(branch->request.prompt, std::string("Hello"));
    QCOMPARE(branch->request.sampling.maxTokens, int64_t{7});
    QCOMPARE(branch->model, u"code@8000"_s);
    QCOMPARE(branch->partsAt, 2);
    QCOMPARE(branch->numGiven(), size_t{3});
    QVERIFY(branch->parent.lock() == parent && !branch->hasOwnText());
    QCOMPARE(branch->tokens[1].probability, 0.9); // as it was
    QCOMPARE(branch->tokens[2].probability, 0.2); // of the chosen one
    QCOMPARE(branch->tokens[2].alternatives.size(), size_t{2});
    QCOMPARE(branch->tokens[2].entropy, parent->tokens[2].entropy);
}

void TestVersionTree::goingOnKeepsTheToken()
{
    const VersionPtr parent = versionOf("abcd");
    const VersionPtr version = continuedVersion(parent, 1, {});
    QCOMPARE(version->text(), std::string("ab"));
    QCOMPARE(version->partsAt, 2);
    QCOMPARE(partingText(*version), u"Goes on from here on its own."_s);
}

void TestVersionTree::againBeginsWithWhatWasGiven()
{
    const VersionPtr parent = versionOf("abcd");
    const VersionPtr branch = branchOf(parent, 1, "xy");
    const VersionPtr again = repeatedVersion(branch, {});
    QCOMPARE(again->text(), std::string("az"));
    QVERIFY(again->parent.lock() == parent);
    QCOMPARE(again->partsAt, 1);
    const VersionPtr root = repeatedVersion(parent, {});
    QVERIFY(root->tokens.empty() && root->parent.expired() && root->request.answerIds.empty());
}

void TestVersionTree::endTokensDependOnTheRequest()
{
    const TokenAlternative endOfText{256, "<|end_of_text|>", 0.1}, endOfTurn{257, "<|end_of_turn|>", 0.1};
    GenerationVersion version;
    QVERIFY(isEndToken(endOfText, version));
    QVERIFY(!isEndToken(endOfTurn, version)); // a prompt goes on behind it
    version.isAnswer = true;
    QVERIFY(isEndToken(endOfTurn, version));
    version.isAnswer = false;
    version.request.infill = "behind";
    QVERIFY(isEndToken(endOfTurn, version));
    endAsChosen(version, endOfTurn);
    QCOMPARE(version.summary->reason, FinishReason::EndOfInfill);
    const VersionPtr parent = versionOf("abcd");
    const VersionPtr ended = branchedVersion(parent, 2, endOfText, {});
    QCOMPARE(ended->text(), std::string("ab")); // the end is no part of the text
}

void TestVersionTree::saysWhatItPartsWith()
{
    const VersionPtr parent = versionOf("abcd");
    const VersionPtr branch = branchOf(parent, 1, "x");
    QCOMPARE(partingText(*branch), u"“z” in place of “b”."_s);
    QVERIFY(partingText(*parent).isEmpty());
}

void TestVersionTree::standsInTheOrderOfThePlaces()
{
    const VersionPtr root = versionOf("abcdef"), other = versionOf("q");
    const VersionPtr late = branchOf(root, 4, "x"), early = branchOf(root, 1, "y");
    const VersionPtr deep = branchOf(late, 5, "w");
    QCOMPARE(shape({root, other, late, early, deep}), u"0.0 3.1 2.1! 4.2! 1.0!"_s);
    QCOMPARE(shape({}), u""_s);
}

void TestVersionTree::linesGoOnBesideDeeperVersions()
{
    const VersionPtr root = versionOf("abcdef");
    const VersionPtr early = branchOf(root, 1, "y"), late = branchOf(root, 4, "x");
    const VersionPtr deep = branchOf(early, 2, "w");
    const std::vector<VersionRow> rows = versionTree({root, early, late, deep});
    QCOMPARE(rows[2].index, 3);
    QCOMPARE(rows[2].openLevels, uint32_t{1} << 1); // the line to "late" passes it
    QCOMPARE(rows[3].openLevels, uint32_t{0});
}

void TestVersionTree::childrenOfAVersionThatIsGoneMoveUp()
{
    const VersionPtr root = versionOf("abcdef");
    VersionPtr middle = branchOf(root, 2, "mno");
    const VersionPtr deep = branchOf(middle, 4, "w");
    QCOMPARE(shape({root, deep}), u"0.0! 1.1!"_s); // it may come back
    adoptChildren({root, deep}, middle);
    middle.reset();
    QCOMPARE(shape({root, deep}), u"0.0! 1.1!"_s);
    QVERIFY(deep->parent.lock() == root);
    QCOMPARE(deep->partsAt, 2);
}

void TestVersionTree::modelSaysHowItWent()
{
    const VersionPtr root = versionOf("ab\ncd");
    const VersionPtr branch = branchOf(root, 1, "x");
    VersionTreeModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setVersions({root, branch});
    QCOMPARE(model.index(0).data().toString(), u"ab↵cd"_s);
    QCOMPARE(model.index(1).data().toString(), u"zx"_s);
    // −ln 0.2 and −ln 0.43
    QCOMPARE(model.index(1).data(VersionTreeModel::DetailRole).toString(),
             u"from token 1  ·  3 tokens  ·  1.23 nats/token  ·  code, step 8,000"_s);
    QVERIFY(model.index(1).data(Qt::AccessibleTextRole).toString().startsWith(u"Version 2, level 2: zx."_s));
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged),
        reset(&model, &QAbstractItemModel::modelReset);
    model.announce(branch);
    QCOMPARE(changed.count(), 1);
    QCOMPARE(changed[0][0].toModelIndex().row(), 1);
    model.setVersions({root, branch}); // the same
    QCOMPARE(reset.count(), 0);
    model.setVersions({root});
    QCOMPARE(reset.count(), 1);
    QCOMPARE(model.rowOf(1), -1);
}

void TestVersionTree::tableHasParentsAndPlaces()
{
    const VersionPtr root = versionOf("a\tb");
    VersionTreeModel model;
    model.setVersions({root, branchOf(root, 1, "x")});
    const QStringList lines = model.toText().split(u'\n');
    QCOMPARE(lines[0], u"version\tparts from\tat token\ttokens\tnats per token\tmodel\ttext"_s);
    QVERIFY2(lines[1].startsWith(u"1\t\t\t3\t"_s) && lines[1].endsWith(u"\ta\\tb"_s), qPrintable(lines[1]));
    QVERIFY2(lines[2].startsWith(u"2\t1\t1\t3\t"_s), qPrintable(lines[2]));
}

void TestVersionTree::oldDraftsTakeAnything()
{
    const char *json = R"([null, 7, {"tokens":[]}, {"tokens":[[1]]}, {"tokens":"x"},
        {"tokens":[["x",5,"y",null,[1,2]]],"parent":5,"parts_at":-3,"given":99},
        {"tokens":[[97,"a",0.5,1]],"parent":99,"parts_at":99}])";
    const auto versions = oldDraftVersions(QJsonDocument::fromJson(json).array());
    QCOMPARE(versions.size(), size_t{7});
    for (size_t i = 0; i < 5; ++i) QVERIFY(!versions[i]);
    QVERIFY(versions[5] && versions[5]->parent.expired()); // no version is its own parent
    QCOMPARE(versions[5]->partsAt, 0);
    QCOMPARE(versions[5]->numGiven(), size_t{1});
    QVERIFY(versions[6] && versions[6]->parent.expired());
    QCOMPARE(versions[6]->partsAt, 1);
}

ORRERY_GUI_TEST_MAIN(TestVersionTree)
#include "tst_version_tree.moc"
