// SPDX-License-Identifier: Apache-2.0
// How alike events are: in which order they stand, what the map reads, and when it is asked for.
#include "plugins/memory/tests/memory_panel_fixture.h"
#include "plugins/memory/ui/similarity_export.h"
#include "plugins/memory/ui/similarity_page.h"
#include "widgets/common/empty_state.h"
#include "widgets/theme/color_map.h"

#include <QAccessible>
#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>

using namespace Qt::StringLiterals;
using namespace orrery;
using namespace orrery::ui;
using namespace orrery::memory_ui;

namespace {

/// Events 1 … n; even ones are like even ones.
Similarity twoGroups(int count)
{
    Similarity made;
    for (int i = 0; i < count; ++i) made.events.push_back(i + 1);
    for (int i = 0; i < count; ++i)
        for (int j = 0; j < count; ++j)
            made.values.push_back(i == j           ? 1.0F
                                  : i % 2 == j % 2 ? 0.8F - 0.01F * float(std::abs(i - j))
                                                   : -0.3F);
    return made;
}

QStringList namesOf(int count)
{
    QStringList names;
    for (int i = 0; i < count; ++i) names << u"text %1"_s.arg(i + 1);
    return names;
}

bool verbIsAsked(const MemorySession &session, MemoryVerb verb)
{
    return std::any_of(session.edits.begin(), session.edits.end(),
                       [verb](const auto &asked) { return asked.second.verb == verb; });
}

} // namespace

class TestMemorySimilarity : public QObject {
    Q_OBJECT

    std::unique_ptr<PanelFixture> m_test;
    static std::unique_ptr<SimilarityMap> mapOf(int count)
    {
        auto map = std::make_unique<SimilarityMap>();
        map->setSimilarity(twoGroups(count), namesOf(count));
        map->resize(420, 340);
        return map;
    }
    static QPoint cellPoint(const SimilarityMap &map, int column, int row)
    {
        const QRectF area = map.mapArea();
        const double cell = area.width() / map.similarity().size();
        return (area.topLeft() + QPointF((column + 0.5) * cell, (row + 0.5) * cell)).toPoint();
    }

private Q_SLOTS:
    void cleanup() { m_test.reset(); }

    void likeStandsBesideLike()
    {
        QCOMPARE(orderByLikeness(twoGroups(6)), (std::vector<int>{0, 2, 4, 1, 3, 5}));
        QVERIFY(orderByLikeness({}).empty());
        Similarity equal{.events = {5, 6, 7}, .values = std::vector<float>(9, 0.5F)};
        QCOMPARE(orderByLikeness(equal), (std::vector<int>{0, 1, 2})); // of equals the older one
        equal.values.assign(9, std::nanf(""));
        QCOMPARE(orderByLikeness(equal), (std::vector<int>{0, 1, 2}));
    }
    void eachEventStandsOnceInAnyOrder()
    {
        Similarity random = twoGroups(40);
        for (size_t i = 0; i < random.values.size(); ++i)
            random.values[i] = std::sin(static_cast<float>(i * i % 977));
        std::vector<int> order = orderByLikeness(random);
        std::sort(order.begin(), order.end());
        for (int i = 0; i < 40; ++i) QCOMPARE(order[size_t(i)], i);
    }

    void paintsCellsAndScale()
    {
        const auto map = mapOf(6);
        const QImage image = map->grab().toImage();
        const ColorMap &colors = ColorMaps::diverging(MapGround::Light);
        QCOMPARE(image.pixel(cellPoint(*map, 0, 0)), colors.at(1));
        QCOMPARE(image.pixel(cellPoint(*map, 1, 0)), colors.at(0.35));
        QCOMPARE(image.pixel(cellPoint(*map, 2, 0)), colors.at(0.89));
        // The scale stands beside it, from 1 at its top to −1 at its foot.
        const QRectF area = map->mapArea();
        const int x = int(area.right()) + 6 + 6;
        const auto isNearly = [](QRgb a, QRgb b) {
            return std::abs(qRed(a) - qRed(b)) + std::abs(qGreen(a) - qGreen(b)) +
                       std::abs(qBlue(a) - qBlue(b)) <
                   24;
        };
        QVERIFY(isNearly(image.pixel(x, int(area.top()) + 3), colors.at(1)));
        QVERIFY(isNearly(image.pixel(x, int(area.center().y())), colors.at(0.5)));
        QVERIFY(isNearly(image.pixel(x, int(area.bottom()) - 3), colors.at(0)));
        map->setOrder(SimilarityMap::Order::Likeness);
        QCOMPARE(map->grab().toImage().pixel(cellPoint(*map, 1, 0)), colors.at(0.89));
    }
    void readsTheCellUnderTheCursor()
    {
        const auto map = mapOf(6);
        QSignalSpy read(map.get(), &SimilarityMap::readingChanged);
        QMouseEvent move(QEvent::MouseMove, QPointF(cellPoint(*map, 1, 0)), QPointF(), Qt::NoButton,
                         Qt::NoButton, Qt::NoModifier);
        QApplication::sendEvent(map.get(), &move);
        QCOMPARE(map->reading(), u"Event 1 “text 1” and event 2 “text 2”: −0.300"_s);
        QVERIFY(read.count() >= 1);
        map->setOrder(SimilarityMap::Order::Likeness); // the same pair, wherever it stands
        QCOMPARE(map->reading(), u"Event 1 “text 1” and event 2 “text 2”: −0.300"_s);
        QMouseEvent beside(QEvent::MouseMove, QPointF(2, 2), QPointF(), Qt::NoButton, Qt::NoButton,
                           Qt::NoModifier);
        QApplication::sendEvent(map.get(), &beside);
        QVERIFY(map->reading().isEmpty());
    }
    void isWorkedByKeysAndClicks()
    {
        const auto map = mapOf(6);
        QSignalSpy chosen(map.get(), &SimilarityMap::eventChosen);
        map->setSelected(3);
        QTest::keyClick(map.get(), Qt::Key_Right); // begins where the chosen event is
        QCOMPARE(map->current(), QPoint(2, 2));
        QTest::keyClick(map.get(), Qt::Key_Right);
        QTest::keyClick(map.get(), Qt::Key_Up);
        QCOMPARE(map->current(), QPoint(3, 1));
        QTest::keyClick(map.get(), Qt::Key_End);
        QTest::keyClick(map.get(), Qt::Key_PageDown);
        QCOMPARE(map->current(), QPoint(5, 5));
        QCOMPARE(map->reading(), u"Event 6 with itself: 1.000"_s);
        QTest::keyClick(map.get(), Qt::Key_Home);
        QTest::keyClick(map.get(), Qt::Key_Return);
        QCOMPARE(chosen.takeFirst().at(0).toLongLong(), 6);
        QTest::mouseClick(map.get(), Qt::LeftButton, {}, cellPoint(*map, 0, 4));
        QCOMPARE(chosen.takeFirst().at(0).toLongLong(), 5);
        QTest::keyClick(map.get(), Qt::Key_C, Qt::ControlModifier);
        QVERIFY(QGuiApplication::clipboard()->text().startsWith(u"event\t1\t2\t3"_s));
    }
    void tellsAssistiveToolsWhatItShows()
    {
        m_test = std::make_unique<PanelFixture>(); // it brings the interfaces
        m_test->open();
        const auto map = mapOf(6);
        QAccessibleInterface *told = QAccessible::queryAccessibleInterface(map.get());
        QVERIFY(told);
        QCOMPARE(told->role(), QAccessible::Chart);
        QCOMPARE(told->text(QAccessible::Value),
                 u"6 events; cosine 0.13 on average, most alike events 1 and 3 with 0.78."_s);
        map->setSimilarity({}, {});
        QCOMPARE(told->text(QAccessible::Value), u"Too few events to compare."_s);
        QVERIFY(!map->grab().isNull());
    }
    void aBrokenAnswerIsNoMap()
    {
        SimilarityMap map;
        Similarity broken = twoGroups(4);
        broken.values.resize(7);
        map.setSimilarity(broken, namesOf(4));
        QCOMPARE(map.similarity().size(), 0);
        QTest::keyClick(&map, Qt::Key_Right);
        QTest::mouseClick(&map, Qt::LeftButton, {}, QPoint(100, 100));
        QVERIFY(!map.grab().isNull());
    }

    void isAskedForOnlyWhenItIsSeen()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->session.alike = [](int64_t a, int64_t b) { return a == b ? 1.0F : 0.25F; };
        m_test->open();
        m_test->panel->refresh();
        QTRY_COMPARE(m_test->session.edits.size(), size_t(1));
        QVERIFY(!verbIsAsked(m_test->session, MemoryVerb::Similarity));
        m_test->press("memoryViews", u"likeness"_s);
        QTRY_COMPARE(m_test->panel->similarity()->map()->similarity().size(), 6);
        QCOMPARE(m_test->session.edits.back().second.maxEvents, int64_t(256));
        QCOMPARE(m_test->text("similarityCount"), u"6 events"_s);
        // A pin changes no key, and forgetting does.
        m_test->session.edits.clear();
        m_test->panel->pin(3, true);
        QTRY_VERIFY(m_test->event(3)->isPinned);
        QTest::qWait(10);
        QVERIFY(!verbIsAsked(m_test->session, MemoryVerb::Similarity));
        m_test->panel->apply({.verb = MemoryVerb::Forget, .event = 9});
        QTRY_COMPARE(m_test->panel->similarity()->map()->similarity().size(), 5);
        m_test->trigger("panelCopyCommand");
        QCOMPARE(QGuiApplication::clipboard()->text(),
                 u"orrery-engine memory similarity code-7M --max-events 256"_s);
    }
    void choosesAnEvent()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->open();
        m_test->press("memoryViews", u"likeness"_s);
        SimilarityMap *map = m_test->panel->similarity()->map();
        QTRY_COMPARE(map->similarity().size(), 6);
        QTest::mouseClick(map, Qt::LeftButton, {}, cellPoint(*map, 0, 2));
        QCOMPARE(m_test->panel->selectedEvent(), 7);
        m_test->press("similarityOrder", u"likeness"_s);
        QCOMPARE(map->order(), SimilarityMap::Order::Likeness);
        QVERIFY(m_test->text("similarityReading").startsWith(u"Event 7"_s));
    }
    void saysWhyThereIsNoMap()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->open();
        m_test->session.editError =
            Error{ErrorCode::NotFound, "Cannot compare what is remembered: no keys.", "Use another model."};
        m_test->press("memoryViews", u"likeness"_s);
        auto *empty = m_test->panel->similarity()->findChild<EmptyState *>();
        QTRY_COMPARE(empty->accessibleName(), u"Cannot compare what is remembered: no keys."_s);
        QCOMPARE(empty->accessibleDescription(), u"Use another model."_s);
        QVERIFY(!m_test->panel->similarity()->map()->isVisible());
        m_test->part<QPushButton>("similarityAgain")->click();
        QTRY_VERIFY(m_test->panel->similarity()->map()->isVisible());
    }
    void anotherModelHasAnotherMap()
    {
        m_test = std::make_unique<PanelFixture>();
        m_test->open();
        m_test->press("memoryViews", u"likeness"_s);
        QTRY_COMPARE(m_test->panel->similarity()->map()->similarity().size(), 6);
        m_test->session.holdsEdits = true;
        m_test->session.runList.push_back(fakeRun("other", RunState::Finished, 500));
        m_test->panel->setModel(u"other"_s);
        QCOMPARE(m_test->panel->similarity()->map()->similarity().size(), 0);
    }

    void isSavedAsAFigure()
    {
        const auto map = mapOf(6);
        QTemporaryDir folder;
        for (const QString &ending : {u"png"_s, u"svg"_s, u"pdf"_s}) {
            const QString path = folder.filePath(u"map."_s + ending);
            const Result<void> saved = saveSimilarity(*map, path);
            QVERIFY2(saved.ok(), saved.ok() ? "" : saved.error().text().c_str());
            QVERIFY(QFile(path).size() > 500 && QFile(path).size() < 300'000);
        }
        QCOMPARE(QImage(folder.filePath(u"map.png"_s)).pixel(3, 3), qRgb(255, 255, 255));
        const auto failure = [&](const SimilarityMap &of, const QString &path) {
            const Result<void> saved = saveSimilarity(of, path);
            return saved.ok() ? std::pair(ErrorCode::Internal, std::string())
                              : std::pair(saved.error().code, saved.error().message);
        };
        QCOMPARE(failure(*map, u"x.bmp"_s).first, ErrorCode::InvalidInput);
        QVERIFY(failure(*map, u"x.bmp"_s).second.find("the ending is \"bmp\"") != std::string::npos);
        QCOMPARE(failure(*map, folder.filePath(u"none/x.png"_s)).first, ErrorCode::Io);
        QVERIFY(failure(*map, folder.filePath(u"none/x.png"_s)).second.starts_with("Cannot write"));
        QCOMPARE(failure(SimilarityMap(), folder.filePath(u"y.png"_s)).first, ErrorCode::NotFound);
        QVERIFY(similarityFigure(SimilarityMap()).isNull());
    }
};

ORRERY_GUI_TEST_MAIN(TestMemorySimilarity)
#include "tst_memory_similarity.moc"
