// SPDX-License-Identifier: GPL-3.0-or-later
// Stars on heads: set while the run trains, and a note for the next run where it does not.
#include "tests/widgets/attention/attention_fixture.h"

#include "widgets/attention/starred_heads.h"

#include <QClipboard>
#include <QGuiApplication>

using namespace orrery;
using namespace orrery::ui;

namespace {

RunEvent settingEvent(int64_t id, const QByteArray &key, const QByteArray &value)
{
    RunEvent event;
    event.id = id;
    event.kind = EventKind::Setting;
    event.payload = "{\"key\":\"" + key.toStdString() + "\",\"value\":\"" + value.toStdString() + "\"}";
    return event;
}

using Heads = std::vector<HeadRef>;

} // namespace

class TestStarredHeads : public QObject, protected AttentionFixture {
    Q_OBJECT
private Q_SLOTS:
    void init() { setUp(); }
    void cleanup() { tearDown(); }
    void aKeySetsAndTakesAStar();
    void severalHeadsAtOnce();
    void aRefusalTakesItBack();
    void startsAsTheRunBegan();
    void changesOfOthersAreSeen();
    void aRunThatDoesNotTrainGetsANote();
    void theButtonSaysWhatItDoes();
    void waitsForTheSpecAndTheLastEvents();
    void changesThatWereMissedAreRead();
    void whatCannotBeReadIsNotSet();
    void changesOfOthersWhileOneIsAsked();
    void ownEventsDoNotUndoTheNextStar();
    void twoRefusalsLeaveWhatTheRunHas_data();
    void twoRefusalsLeaveWhatTheRunHas();
    void hiddenAndShownReadsAgain();

private:
    void openFrozen(StarredHeads &stars, const QStringList &names = {})
    {
        stars.setRun(u"alpha"_s);
        stars.setFrozen(names);
    }
    [[nodiscard]] const StarredHeads *stars() const { return m_panel->stars(); }
    [[nodiscard]] QAction *action() const { return m_panel->findChild<QAction *>(u"attentionStar"_s); }
    [[nodiscard]] QString lastValue() const
    {
        return QString::fromStdString(m_session->controls.back().setting.value);
    }
};

void TestStarredHeads::aKeySetsAndTakesAStar()
{
    open();
    QTRY_VERIFY(stars()->isKnown());
    openHead({2, 1});
    QTest::keyClick(map(), Qt::Key_S);
    QCOMPARE(m_session->controls.size(), size_t(1));
    const FakeSession::Control &control = m_session->controls.back();
    QCOMPARE(control.run, u"alpha"_s);
    QCOMPARE(control.verb, u"set"_s);
    QCOMPARE(control.setting.key, std::string("probes.starred"));
    QCOMPARE(lastValue(), u"[\"2.1\"]"_s);
    QCOMPARE(stars()->heads(), (Heads{{2, 1}})); // at once
    m_panel->flush();
    QVERIFY(overview()->sentenceOf({2, 1}).contains(u"starred"_s));
    QVERIFY(!overview()->sentenceOf({2, 2}).contains(u"starred"_s));
    QTest::keyClick(map(), Qt::Key_BracketRight);
    QTest::keyClick(map(), Qt::Key_S);
    QCOMPARE(lastValue(), u"[\"2.1\",\"2.2\"]"_s);
    QTest::keyClick(map(), Qt::Key_S);
    QCOMPARE(lastValue(), u"[\"2.1\"]"_s);
    QTest::qWait(20);
    QCOMPARE(stars()->heads(), (Heads{{2, 1}}));
}

void TestStarredHeads::severalHeadsAtOnce()
{
    open();
    QTRY_VERIFY(stars()->isKnown());
    m_panel->goTo({.level = StageLevel::Head, .head = {0, 1}, .overlay = {{0, 1}, {3, 2}}});
    m_panel->flush();
    QCOMPARE(action()->text(), u"Star these heads"_s);
    action()->trigger();
    QCOMPARE(stars()->heads(), (Heads{{0, 1}, {3, 2}}));
    m_panel->flush();
    QCOMPARE(action()->text(), u"Take the stars off these heads"_s);
    action()->trigger();
    QVERIFY(stars()->heads().empty());
    QCOMPARE(lastValue(), u"[]"_s);
}

void TestStarredHeads::aRefusalTakesItBack()
{
    open();
    QTRY_VERIFY(stars()->isKnown());
    openHead({2, 1});
    m_session->failNext[u"control"_s] = Error{
        ErrorCode::InvalidInput, "Cannot set \"probes.starred\": it has 65 heads, expected at most 64.", ""};
    action()->trigger();
    QVERIFY(stars()->isStarred({2, 1}));
    QTRY_VERIFY(!stars()->isStarred({2, 1}));
    QVERIFY(m_panel->banner()->message().startsWith(u"Cannot set \"probes.starred\""_s));
}

void TestStarredHeads::startsAsTheRunBegan()
{
    m_session->specs[u"alpha"_s] =
        uR"({"probes":{"prompts":["int main(int argc"],"starred":["1.0","none","0.3"]}})"_s;
    open();
    QTRY_COMPARE(stars()->heads(), (Heads{{1, 0}, {0, 3}}));
    m_panel->setRun(u"beta"_s);
    QVERIFY(stars()->heads().empty());
}

void TestStarredHeads::changesOfOthersAreSeen()
{
    m_session->events[u"alpha"_s] = {settingEvent(1, "probes.starred", "1.1\\n2.2"),
                                     settingEvent(2, "probes.every", "7")};
    open();
    QTRY_COMPARE(stars()->heads(), (Heads{{1, 1}, {2, 2}}));
    m_session->sendUpdate(m_session->statusOf(u"alpha"_s),
                          {settingEvent(3, "probes.starred", "[\\\"0.0\\\"]")});
    QCOMPARE(stars()->heads(), (Heads{{0, 0}}));
    m_session->sendUpdate(m_session->statusOf(u"beta"_s), {settingEvent(4, "probes.starred", "[]")});
    QCOMPARE(stars()->heads(), (Heads{{0, 0}})); // of another run
    m_session->sendUpdate(m_session->statusOf(u"alpha"_s), {settingEvent(5, "probes.starred", "[broken")});
    QCOMPARE(stars()->heads(), (Heads{{0, 0}}));
}

void TestStarredHeads::aRunThatDoesNotTrainGetsANote()
{
    open();
    QTRY_VERIFY(stars()->isKnown());
    m_session->setRuns({fakeRun("alpha", RunState::Finished), fakeRun("beta", RunState::Finished)});
    openHead({2, 1});
    m_panel->flush();
    QVERIFY2(action()->toolTip().contains(u"does not train"_s), qPrintable(action()->toolTip()));
    action()->trigger();
    QVERIFY(m_session->controls.empty());
    QCOMPARE(QGuiApplication::clipboard()->text(), u"probes.starred=[\"2.1\"]"_s);
    QVERIFY(m_panel->banner()->message().contains(u"does not train"_s));
}

void TestStarredHeads::theButtonSaysWhatItDoes()
{
    m_panel->show();
    m_panel->flush();
    QVERIFY(!action()->isEnabled()); // there is no head yet
    open();
    QTRY_VERIFY(stars()->isKnown());
    openHead({2, 1});
    auto *button = child<QToolButton>(m_panel.get(), "starHead");
    QVERIFY(button->isVisible() && button->isEnabled());
    QVERIFY(button->toolTip().contains(u"(S)"_s) && button->toolTip().contains(u"probes.starred"_s));
    QVERIFY(m_panel->actions().contains(action())); // so that the palette lists it
    button->click();
    m_panel->flush();
    QVERIFY(action()->text().startsWith(u"Take the star off"_s));
    QCOMPARE(action()->property("orreryIcon").toString(), u"star-filled"_s);
}

void TestStarredHeads::waitsForTheSpecAndTheLastEvents()
{
    std::vector<RunEvent> events(size_t(EngineSession::kEventPage) + 1);
    for (size_t i = 0; i < events.size(); ++i) events[i].id = int64_t(i) + 1;
    events.back() = settingEvent(int64_t(events.size()), "probes.starred", R"([\"1.1\",\"2.2\"])");
    m_session->events[u"alpha"_s] = events;
    m_session->isHolding = true;
    StarredHeads stars(*m_session, nullptr);
    stars.setRun(u"alpha"_s);
    stars.toggle({{0, 0}}, true);
    QVERIFY(!stars.isKnown() && m_session->controls.empty()); // the spec is still to come
    stars.setFrozen({u"3.3"_s});
    m_session->flush(); // the first page
    stars.toggle({{0, 0}}, true);
    QVERIFY(!stars.isKnown() && m_session->controls.empty());
    m_session->isHolding = false;
    m_session->flush();
    QTRY_VERIFY(stars.isKnown());
    QCOMPARE(stars.heads(), (Heads{{1, 1}, {2, 2}}));
    stars.toggle({{0, 0}}, true);
    QCOMPARE(lastValue(), u"[\"1.1\",\"2.2\",\"0.0\"]"_s); // none of them is lost
}

void TestStarredHeads::changesThatWereMissedAreRead()
{
    StarredHeads stars(*m_session, nullptr);
    openFrozen(stars);
    QTRY_VERIFY(stars.isKnown());
    m_session->events[u"alpha"_s] = {settingEvent(1, "probes.starred", "1.1")};
    m_session->sendReplay(u"alpha"_s);
    QVERIFY(!stars.isKnown());
    QTRY_COMPARE(stars.heads(), (Heads{{1, 1}}));
    QTRY_VERIFY(stars.isKnown());
    m_session->events[u"alpha"_s].push_back(settingEvent(2, "probes.starred", "2.2"));
    RunUpdate update;
    update.run = u"alpha"_s;
    update.status = m_session->statusOf(update.run);
    update.numDropped = 1;
    Q_EMIT m_session->updated(update);
    QTRY_COMPARE(stars.heads(), (Heads{{2, 2}}));
}

void TestStarredHeads::whatCannotBeReadIsNotSet()
{
    m_session->events[u"alpha"_s] = {settingEvent(1, "probes.starred", "1.1")};
    m_session->failNext[u"listEvents"_s] = Error{ErrorCode::Unavailable, "The engine is gone.", ""};
    open();
    QTRY_VERIFY(!m_panel->stars()->isKnown() && m_panel->stars()->hasFailed());
    openHead({2, 1});
    QTRY_VERIFY2(action()->toolTip().contains(u"could not be read"_s), qPrintable(action()->toolTip()));
    QVERIFY(!action()->isEnabled());
    QTest::keyClick(map(), Qt::Key_S);
    QVERIFY(m_session->controls.empty());
    m_session->setConnection(ConnectionState::Connected);
    QTRY_VERIFY(stars()->isKnown());
    QCOMPARE(stars()->heads(), (Heads{{1, 1}}));
    QTRY_VERIFY(action()->isEnabled());
}

void TestStarredHeads::changesOfOthersWhileOneIsAsked()
{
    StarredHeads stars(*m_session, nullptr);
    openFrozen(stars);
    QTRY_VERIFY(stars.isKnown());
    m_session->isHolding = true;
    m_session->failNext[u"control"_s] = Error{ErrorCode::InvalidInput, "No.", ""};
    stars.toggle({{0, 0}}, true);
    m_session->sendUpdate(m_session->statusOf(u"alpha"_s), {settingEvent(1, "probes.starred", "1.1")});
    QCOMPARE(stars.heads(), (Heads{{0, 0}})); // what was asked for is seen
    m_session->flush();
    QCOMPARE(stars.heads(), (Heads{{1, 1}})); // and what another window set is not forgotten
}

void TestStarredHeads::ownEventsDoNotUndoTheNextStar()
{
    StarredHeads stars(*m_session, nullptr);
    openFrozen(stars);
    QTRY_VERIFY(stars.isKnown());
    m_session->isHolding = true;
    stars.toggle({{0, 0}}, true);
    stars.toggle({{1, 1}}, true);
    m_session->flush();
    const RunStatus status = m_session->statusOf(u"alpha"_s);
    m_session->sendUpdate(status, {settingEvent(1, "probes.starred", R"([\"0.0\"])")});
    QCOMPARE(stars.heads(), (Heads{{0, 0}, {1, 1}})); // the event of the first one comes late
    m_session->sendUpdate(status, {settingEvent(2, "probes.starred", R"([\"0.0\",\"1.1\"])")});
    QCOMPARE(stars.heads(), (Heads{{0, 0}, {1, 1}}));
    // Events may come before the answers, too, and are not waited for twice.
    stars.toggle({{1, 1}}, true);
    m_session->sendUpdate(status, {settingEvent(3, "probes.starred", R"([\"0.0\"])")});
    m_session->flush();
    QCOMPARE(stars.heads(), (Heads{{0, 0}}));
    stars.toggle({{2, 2}}, true);
    m_session->sendUpdate(status, {settingEvent(4, "probes.starred", R"([\"0.0\",\"2.2\"])")});
    m_session->flush();
    m_session->sendUpdate(status, {settingEvent(5, "probes.starred", R"([\"0.0\"])")}); // another window
    QCOMPARE(stars.heads(), (Heads{{0, 0}}));
}

void TestStarredHeads::twoRefusalsLeaveWhatTheRunHas_data()
{
    QTest::addColumn<bool>("isSecondRefused");
    QTest::newRow("both") << true;
    QTest::newRow("the first") << false;
}

void TestStarredHeads::twoRefusalsLeaveWhatTheRunHas()
{
    QFETCH(const bool, isSecondRefused);
    StarredHeads stars(*m_session, nullptr);
    openFrozen(stars, {u"3.3"_s});
    QTRY_VERIFY(stars.isKnown());
    const Error refusal{ErrorCode::InvalidInput, "No.", ""};
    m_session->isHolding = true;
    m_session->failNext[u"control"_s] = refusal;
    connect(&stars, &StarredHeads::failed, this, [&] {
        if (isSecondRefused && m_session->failNext.empty()) m_session->failNext[u"control"_s] = refusal;
    });
    stars.toggle({{0, 0}}, true);
    stars.toggle({{1, 1}}, true);
    m_session->flush();
    QCOMPARE(stars.heads(), isSecondRefused ? (Heads{{3, 3}}) : (Heads{{3, 3}, {0, 0}, {1, 1}}));
}

void TestStarredHeads::hiddenAndShownReadsAgain()
{
    open();
    QTRY_VERIFY(stars()->isKnown());
    m_panel->hide();
    m_session->events[u"alpha"_s] = {settingEvent(1, "probes.starred", "1.1")}; // nobody tells a hidden panel
    m_panel->show();
    QVERIFY(!stars()->isKnown());
    QTRY_COMPARE(stars()->heads(), (Heads{{1, 1}}));
    QTRY_VERIFY(stars()->isKnown());
}

ORRERY_GUI_TEST_MAIN(TestStarredHeads)
#include "tst_starred_heads.moc"
