// SPDX-License-Identifier: GPL-3.0-or-later
// Stars on heads: set while the run trains, a note for the next run where it does not, and the steps that starred
// heads alone have.
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
    void starredHeadsAreScrubbedThroughStepsOfTheirOwn();
    void differencesOfStarredStepsAreOfLikeCells_data();
    void differencesOfStarredStepsAreOfLikeCells();
    void aLinkOpensAStarredStep();

private:
    /// All heads at steps 50 and 100, one of them every ten.
    void openStarred(const SampleModel &model = {})
    {
        addSampleFrames(*m_session, u"alpha"_s, model, 2, 50, 100);
        addStarredFrames(*m_session, u"alpha"_s, 10, 100, [](int64_t) { return std::vector<HeadRef>{{3, 2}}; });
        m_panel->show();
        m_panel->setRun(u"alpha"_s);
        QTRY_COMPARE(shownStep(), 100);
        QTRY_COMPARE(m_panel->feed()->leftOut().size(), size_t(8));
        m_panel->flush();
        m_panel->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_panel.get()));
    }
    [[nodiscard]] QString stepInfo() const { return child<ElidedLabel>(m_panel.get(), "stepInfo")->fullText(); }
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

void TestStarredHeads::starredHeadsAreScrubbedThroughStepsOfTheirOwn()
{
    openStarred();
    FrameSlider *slider = m_panel->scrubber()->slider();
    QCOMPARE(slider->maximum(), 1); // all heads were kept twice
    QVERIFY2(stepInfo().startsWith(u"kept step 2 of 2, all heads"_s), qPrintable(stepInfo()));
    QCOMPARE(slider->sentenceOf(0), u"Step 50, of all heads, kept step 1 of 2"_s);
    openHead({3, 2});
    QTRY_COMPARE(slider->maximum(), 9);
    m_panel->flush();
    QTest::keyClick(map(), Qt::Key_Comma);
    QTRY_COMPARE(shownStep(), 90);
    m_panel->flush();
    QVERIFY(!map()->figure().isEmpty());
    QVERIFY2(stepInfo().startsWith(u"kept step 9 of 10, starred heads"_s), qPrintable(stepInfo()));
    QAccessibleInterface *spoken = QAccessible::queryAccessibleInterface(slider);
    QVERIFY(spoken);
    QCOMPARE(spoken->text(QAccessible::Description), u"Step 90, of starred heads alone, kept step 9 of 10"_s);
    // The heads beside are of the nearest step that has them, and say so.
    QTRY_VERIFY(m_panel->feed()->overview());
    m_panel->flush();
    QCOMPARE(overview()->scene().tiles().size(), size_t(36));
    QVERIFY(child<ElidedLabel>(m_panel.get(), "overviewTitle")->fullText().startsWith(u"Step 100, 6 layers"_s));
    QTest::keyClick(slider, Qt::Key_Home);
    QTRY_COMPARE(shownStep(), 10);
    QTest::mouseClick(slider, Qt::LeftButton, {}, QPoint(int(slider->xOf(2)), 11));
    QTRY_COMPARE(shownStep(), 30);
    // A head without a star has the nearest step of all heads, and says why.
    QTest::keyClick(map(), Qt::Key_BracketRight);
    QCOMPARE(m_panel->place().head, (HeadRef{3, 3}));
    QTRY_COMPARE(shownStep(), 50);
    m_panel->flush();
    QVERIFY(!map()->figure().isEmpty());
    QVERIFY2(stepInfo().startsWith(u"nearest of all heads: step 30 has starred ones alone"_s), qPrintable(stepInfo()));
    QTest::keyClick(map(), Qt::Key_BracketLeft);
    QTRY_COMPARE(shownStep(), 30);
    QTest::keyClick(map(), Qt::Key_Escape); // and to all heads
    QTRY_COMPARE(shownStep(), 50);
    m_panel->flush();
    QVERIFY(child<ElidedLabel>(m_panel.get(), "overviewTitle")->fullText().startsWith(u"6 layers"_s));
    QTest::keyClick(overview(), Qt::Key_Period);
    QTRY_COMPARE(shownStep(), 100);
}

void TestStarredHeads::differencesOfStarredStepsAreOfLikeCells_data()
{
    QTest::addColumn<int>("base");
    QTest::newRow("two steps of starred heads") << 20;
    QTest::newRow("a step of all heads, which has both") << 50;
}

void TestStarredHeads::differencesOfStarredStepsAreOfLikeCells()
{
    QFETCH(const int, base);
    SampleModel model; // starred heads have a cell a token, all heads one for two
    const auto fine = model;
    model.tokensPerCell = 2;
    openStarred(model);
    m_session->frameContent = [all = m_session->frameContent, fine](const QString &run, const FrameInfo &info) {
        if (info.kind == FrameKind::Overview) return all(run, info);
        AttentionFrame frame = sampleFrame(fine, info.step, double(info.step) / 100);
        leaveHeads(frame, {{3, 2}});
        return std::optional(frame);
    };
    m_panel->setRun({});
    m_panel->setRun(u"alpha"_s);
    openHead({3, 2});
    QTRY_COMPARE(m_panel->feed()->steps().size(), size_t(10));
    m_panel->setDifference(true);
    m_panel->feed()->setBaseStep(base);
    m_panel->feed()->goToStep(30);
    QTRY_VERIFY(shownStep() == 30 && m_panel->base() && m_panel->base()->report.step == base);
    QTRY_VERIFY(m_panel->feed()->baseDetail());
    QTRY_VERIFY(!map()->whole().isEmpty());
    m_panel->flush();
    const HeadMatrix &seen = map()->whole().content().heads.front();
    QVERIFY(seen.isDifference);
    QCOMPARE(seen.height(), 30);
    const std::vector<float> now = sampleWeights(fine, 3, 2, 0.3), then = sampleWeights(fine, 3, 2, base / 100.0);
    for (const int row : {4, 17, 29})
        for (const int column : {0, 3, row}) {
            const size_t cell = size_t(row) * 30 + size_t(column);
            QVERIFY(std::abs(seen.meanAt(row, column) - (now[cell] - then[cell])) <
                    (std::sqrt(now[cell]) + std::sqrt(then[cell])) / 255 + 1e-4);
        }
    QTest::keyClick(map(), Qt::Key_Escape);
    QTRY_COMPARE(shownStep(), 50);
}

void TestStarredHeads::aLinkOpensAStarredStep()
{
    openStarred();
    openHead({3, 2});
    QTRY_COMPARE(m_panel->feed()->steps().size(), size_t(10));
    m_panel->setDifference(true);
    m_panel->feed()->setBaseStep(20);
    m_panel->feed()->goToStep(70);
    QTRY_COMPARE(shownStep(), 70);
    m_panel->flush();
    const QVariantMap state = m_panel->view().state();
    QCOMPARE(state[u"step"_s].toInt(), 70);
    QCOMPARE(state[u"against"_s].toInt(), 20);
    m_panel->setRun({});
    m_panel->goTo({});
    m_panel->view().restore(state);
    QTRY_COMPARE(shownStep(), 70);
    QTRY_VERIFY(m_panel->base() && m_panel->base()->report.step == 20);
}

ORRERY_GUI_TEST_MAIN(TestStarredHeads)
#include "tst_starred_heads.moc"
