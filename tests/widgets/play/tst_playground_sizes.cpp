// SPDX-License-Identifier: GPL-3.0-or-later
// Who gets the room in windows of all sizes.
#include "play_setup.h"

#include "widgets/common/key_value_grid.h"
#include "widgets/play/candidate_model.h"
#include "widgets/play/candidate_view.h"
#include "widgets/play/token_view.h"
#include "widgets/play/version_tree.h"
#include "widgets/play/version_view.h"

#include <QLabel>
#include <QListView>
#include <QSplitter>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;

namespace {

struct Branched : Setup {
    /// One answer, and branches of it.
    explicit Branched(int numBranches)
    {
        panel->generate();
        answer("abcdefgh");
        for (int i = 0; i < numBranches; ++i) {
            panel->showVersion(0);
            panel->transcript()->setCurrentToken(i + 1, true);
            panel->branch({'z', "z", 0.2});
            answer("xy");
        }
        QCoreApplication::processEvents();
    }
    void answer(const std::string &text)
    {
        Q_EMIT generation().tokens(tokensOf(text));
        Q_EMIT generation().finished(summaryOf(FinishReason::MaxTokens));
    }
    void resize(QSize size)
    {
        panel->resize(size);
        QCoreApplication::processEvents();
        QCoreApplication::processEvents(); // what was laid out may move others
    }
    [[nodiscard]] QLabel *hint() const { return child<QLabel>(panel->candidates(), "candidateHint"); }
};

} // namespace

class TestPlaygroundSizes : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void answersHaveMoreRoomThanThePrompt();
    void numbersAreNeverCut();
    void theHintGoesBeforeTheRows();
    void theTreeTakesWhatItNeeds();
    void aDraggedTreeStaysAsItIs();
    void theShownVersionStaysInSight();
    void briefDetailsTellWhatIsKeptAndOwn();
};

void TestPlaygroundSizes::answersHaveMoreRoomThanThePrompt()
{
    Setup setup;
    QCoreApplication::processEvents();
    QVERIFY2(
        setup.panel->transcript()->height() > 2 * setup.panel->promptEditor()->height(),
        qPrintable(
            u"%1 %2"_s.arg(setup.panel->transcript()->height()).arg(setup.panel->promptEditor()->height())));
    QVERIFY(setup.panel->promptEditor()->height() >
            4 * setup.panel->promptEditor()->fontMetrics().lineSpacing());
}

void TestPlaygroundSizes::numbersAreNeverCut()
{
    Branched play(2);
    play.panel->transcript()->setCurrentToken(1, true);
    play.resize(play.panel->minimumSizeHint());
    const KeyValueGrid *numbers = play.panel->candidates()->numbers();
    QVERIFY(numbers->height() >= numbers->sizeHint().height());
    for (const QLabel *label : numbers->findChildren<QLabel *>())
        QVERIFY2(label->height() >= label->fontMetrics().height(), qPrintable(label->text()));
    const QListView *list = play.panel->candidates()->list();
    QVERIFY(list->viewport()->height() >= 2 * list->sizeHintForRow(0));
}

void TestPlaygroundSizes::theHintGoesBeforeTheRows()
{
    Branched play(2);
    play.panel->transcript()->setCurrentToken(1, true);
    play.resize({1000, 1000});
    QVERIFY(play.hint()->height() >= play.hint()->heightForWidth(play.hint()->width()));
    QVERIFY(play.panel->candidates()->toolTip().isEmpty());
    play.resize(play.panel->minimumSizeHint());
    QCOMPARE(play.hint()->height(), 0);
    QCOMPARE(play.panel->candidates()->toolTip(), play.hint()->text()); // still to be found
    QCOMPARE(play.panel->candidates()->list()->accessibleDescription(), play.hint()->text());
    play.resize({1000, 1000});
    QVERIFY(play.hint()->height() > 0);
}

void TestPlaygroundSizes::theTreeTakesWhatItNeeds()
{
    Branched play(1);
    play.resize({1000, 1000});
    play.panel->showVersion(0);
    const VersionView *tree = play.panel->versionView();
    QCOMPARE(tree->height(), tree->sizeHint().height());
    const int before = tree->height();
    play.panel->transcript()->setCurrentToken(3, true);
    play.panel->branch({'z', "z", 0.2});
    QCoreApplication::processEvents();
    QVERIFY(tree->height() > before); // a third row
    QVERIFY(tree->height() < play.panel->candidates()->height());
}

void TestPlaygroundSizes::aDraggedTreeStaysAsItIs()
{
    Branched play(1);
    play.resize({1000, 1000});
    auto *lists = child<QSplitter>(play.panel.get(), "playgroundLists");
    lists->setSizes({300, lists->height() - 300});
    Q_EMIT lists->splitterMoved(300, 1); // as by a person
    const QList<int> sizes = lists->sizes();
    play.panel->showVersion(0);
    QCOMPARE(lists->sizes(), sizes);
    QVERIFY(sizes.front() > play.panel->versionView()->sizeHint().height());
}

void TestPlaygroundSizes::theShownVersionStaysInSight()
{
    Branched play(5);
    play.resize({1000, 1100});
    const QListView *list = play.panel->versionView()->list();
    QCOMPARE(list->currentIndex().row(), 5);
    play.resize(play.panel->minimumSizeHint());
    const QRect row = list->visualRect(list->currentIndex());
    QVERIFY2(list->viewport()->rect().contains(row),
             qPrintable(u"%1 … %2 of %3"_s.arg(row.top()).arg(row.bottom()).arg(list->viewport()->height())));
}

void TestPlaygroundSizes::briefDetailsTellWhatIsKeptAndOwn()
{
    Branched play(1);
    const VersionTreeModel *model = play.panel->versionView()->model();
    QCOMPARE(model->index(0).data(VersionTreeModel::ShortDetailRole).toString(),
             u"8 tokens · 0.844 nats/token"_s);
    const QString branch = model->index(1).data(VersionTreeModel::ShortDetailRole).toString();
    QVERIFY2(branch.startsWith(u"1 + 3 tokens · "_s) && branch.endsWith(u" nats/token"_s),
             qPrintable(branch));
}

ORRERY_GUI_TEST_MAIN(TestPlaygroundSizes)
#include "tst_playground_sizes.moc"
