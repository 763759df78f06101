// SPDX-License-Identifier: Apache-2.0
#include "core/train/live_settings.h"
#include "core/train/loop_state.h"

#include <QtTest>

using namespace orrery;

class TestLiveSettings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void appliesToSpecAndFactor();
    void refusesFrozenUnknownAndBadValues();
    void pluginSettingsAreFrozen_data();
    void pluginSettingsAreFrozen();
    void eventsCarryTheChange();
    void replaysWhatTheCheckpointLacks();
    void laterAttemptTellsWhatWasTrue();
    void attemptWithoutResumedIsNotTrusted();
    void stateSurvivesJson();
    void stateOfANewerVersionIsRefused();
};

namespace {

LoggedChange change(const std::string &id, int64_t step, const std::string &value = "1")
{
    return {.id = id, .step = step, .key = "optimizer.clip", .value = value};
}

RunEvent setting(int32_t attempt, const LoggedChange &change)
{
    return {.step = change.step,
            .attempt = attempt,
            .kind = EventKind::Setting,
            .payload = changePayload(change)};
}

RunEvent begins(int32_t attempt, int64_t step)
{
    return {.step = step, .attempt = attempt, .kind = step == 0 ? EventKind::Started : EventKind::Resumed};
}

QString ids(const std::vector<LoggedChange> &changes)
{
    QStringList all;
    for (const LoggedChange &entry : changes) all << QString::fromStdString(entry.id);
    return all.join(QStringLiteral(" "));
}

} // namespace

void TestLiveSettings::appliesToSpecAndFactor()
{
    LiveSettings settings{RunSpec()};
    QVERIFY(settings.apply({"0-0", 3, "optimizer.clip", "0.5"}).ok());
    QVERIFY(settings.apply({"0-1", 3, "lr_factor", "0.25"}).ok());
    QVERIFY(settings.apply({"0-2", 4, "model.dropout", "0"}).ok());
    QCOMPARE(settings.spec().optimizer.clip, 0.5);
    QCOMPARE(settings.learningRateFactor(), 0.25);
    QCOMPARE(settings.spec().model.dropout, 0.0);
    QCOMPARE(settings.valueText("lr_factor"), std::string("0.25"));
    QCOMPARE(ids(settings.changes()), QStringLiteral("0-0 0-1 0-2"));
}

void TestLiveSettings::refusesFrozenUnknownAndBadValues()
{
    for (const SettingChange &bad :
         {SettingChange{"model.width", "64"}, SettingChange{"optimizer.klip", "1"},
          SettingChange{"optimizer.clip", "much"}, SettingChange{"optimizer.clip", "-1"}}) {
        const auto checked = LiveSettings::check(bad, RunSpec());
        QVERIFY2(!checked.ok(), bad.key.c_str());
        QCOMPARE(checked.error().code, ErrorCode::InvalidInput);
    }
    LiveSettings settings{RunSpec()};
    QVERIFY(!settings.apply({"0-0", 1, "model.width", "64"}).ok());
    QVERIFY(settings.changes().empty());
}

void TestLiveSettings::pluginSettingsAreFrozen_data()
{
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("told");
    QTest::newRow("of a used plugin") << "plugins.memory.top_k"
                                      << "it is frozen, expected one of lr_factor, model.dropout";
    QTest::newRow("of another plugin") << "plugins.other.top_k"
                                       << "\"plugins.other.top_k\" of a run: it is frozen";
    QTest::newRow("the list of plugins") << "plugins.use"
                                         << "\"plugins.use\" of a run: it is frozen";
    QTest::newRow("misspelt") << "plugins.memory.topk"
                              << "Did you mean \"plugins.memory.top_k\"?";
}

void TestLiveSettings::pluginSettingsAreFrozen()
{
    QFETCH(QString, key);
    QFETCH(QString, told);
    RunSpec run;
    run.plugins.use = {"memory@1.0.0"};
    run.plugins.settings["plugins.memory.top_k"] = int64_t(8);
    const auto checked = LiveSettings::check({key.toStdString(), "4"}, run);
    QVERIFY(!checked.ok());
    QCOMPARE(checked.error().code, ErrorCode::InvalidInput);
    QVERIFY2(QString::fromStdString(checked.error().text()).contains(told), checked.error().text().c_str());
}

void TestLiveSettings::eventsCarryTheChange()
{
    const auto back = changeFromEvent(setting(2, {"1-4", 77, "probes.prompts", "[\"a\\\"b\"]"}));
    QVERIFY(back.has_value());
    QCOMPARE(back->id, std::string("1-4"));
    QCOMPARE(back->step, int64_t(77));
    QCOMPARE(back->value, std::string("[\"a\\\"b\"]"));
    QVERIFY(!changeFromEvent({.kind = EventKind::Setting, .payload = "{broken"}));
    QVERIFY(!changeFromEvent({.kind = EventKind::Note, .payload = setting(0, change("0-0", 1)).payload}));
}

void TestLiveSettings::replaysWhatTheCheckpointLacks()
{
    const std::vector<RunEvent> events = {begins(0, 0), setting(0, change("0-0", 2)),
                                          setting(0, change("0-1", 4)), setting(0, change("0-2", 4)),
                                          setting(0, change("0-3", 9))};
    // The checkpoint of step 4 was written between the two changes at that step.
    const std::vector<LoggedChange> held = {change("0-0", 2), change("0-1", 4)};
    QCOMPARE(ids(changesToReplay(events, 1, 4, held)), QStringLiteral("0-2 0-3"));
    QCOMPARE(ids(changesToReplay(events, 1, 0, {})), QStringLiteral("0-0 0-1 0-2 0-3"));
}

void TestLiveSettings::laterAttemptTellsWhatWasTrue()
{
    // Attempt 1 resumed from 4, took over 0-1 and was told 1-0 before it came to it.
    const std::vector<RunEvent> events = {begins(0, 0),
                                          setting(0, change("0-0", 2)),
                                          setting(0, change("0-1", 6)),
                                          setting(1, change("0-1", 6)),
                                          begins(1, 4),
                                          setting(1, change("1-0", 5))};
    QCOMPARE(ids(changesToReplay(events, 2, 4, {})), QStringLiteral("1-0 0-1"));
    // Back to a checkpoint before attempt 1 began: what was changed until then comes from attempt 0.
    QCOMPARE(ids(changesToReplay(events, 2, 0, {})), QStringLiteral("0-0 1-0 0-1"));
}

void TestLiveSettings::attemptWithoutResumedIsNotTrusted()
{
    const std::vector<RunEvent> events = {begins(0, 0), setting(0, change("0-0", 6)),
                                          setting(0, change("0-1", 7)), setting(1, change("0-0", 6))};
    QCOMPARE(ids(changesToReplay(events, 2, 4, {})), QStringLiteral("0-0 0-1"));
}

void TestLiveSettings::stateSurvivesJson()
{
    LoopState state;
    state.step = 12;
    state.totalSteps = 35;
    state.seed = 0xffffffffffffffff;
    state.elapsedSeconds = 1.5;
    state.valLoss = 2.25;
    state.valStep = 12;
    state.bestStep = 8;
    state.changes = {change("0-0", 3, "0.1")};
    const auto back = loopStateFromJson(loopStateToJson(state), "here");
    QVERIFY2(back.ok(), back.ok() ? "" : back.error().message.c_str());
    QCOMPARE(back->step, state.step);
    QCOMPARE(back->totalSteps, int64_t(35));
    QCOMPARE(back->seed, state.seed);
    QCOMPARE(back->valLoss, state.valLoss);
    QVERIFY(std::isnan(back->bestValLoss));
    QCOMPARE(back->bestStep, int64_t(8));
    QCOMPARE(ids(back->changes), QStringLiteral("0-0"));
    QCOMPARE(back->changes[0].value, std::string("0.1"));
}

void TestLiveSettings::stateOfANewerVersionIsRefused()
{
    for (const char *text : {"{", "{}", "[]", "{\"state_version\": 99}"}) {
        const auto back = loopStateFromJson(text, "ck/step-00000012");
        QVERIFY2(!back.ok(), text);
        QCOMPARE(back.error().code, ErrorCode::InvalidInput);
        QVERIFY(back.error().message.find("ck/step-00000012") != std::string::npos);
    }
}

QTEST_GUILESS_MAIN(TestLiveSettings)
#include "tst_live_settings.moc"
