// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"
#include "tests/plugin/plugin_fixture.h"

#include "core/plugin/plugin_manifest.h"
#include "core/spec/plugin_cost.h"

using namespace orrery;
using orrery::test::manifestOf;

namespace {

const QByteArray kWhole = R"({
  "id": "demo", "name": "A demo", "version": "1.2.3", "apiVersion": 1, "experimental": true,
  "requires": [{"id": "base_plugin", "version": "1.1"}, {"id": "other"}],
  "provides": [{"point": "FeedForward", "name": "demo_ffn"}, {"point": "Block", "name": "demo_block"}],
  "costs": [{"name": "demo", "parameters": "slope * width", "cache": "2 * layers"}],
  "engineLibrary": "libdemo_engine.so", "uiLibrary": "libdemo_ui.so",
  "settings": [
    {"key": "slope", "label": "Slope", "type": "real", "default": 0.5, "minimum": 0, "maximum": 2, "minimumExclusive": true,
     "unit": "1/s", "effect": "Steepness of the curve."},
    {"key": "mode", "label": "Mode", "type": "choice", "choices": ["soft", "hard"], "default": "hard",
     "effect": "How it cuts.", "advanced": true}]
})";

} // namespace

class TestPluginManifest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void flopsCostTimeAndNothingElse_data()
    {
        QTest::addColumn<QByteArray>("costs");
        QTest::addColumn<double>("flops"); // of a token, beside 6 for each of 100 parameters; width 128
        const auto row = [](const char *name, const char *costs, double flops) {
            QTest::newRow(name) << QByteArray(costs) << flops;
        };
        row("none", R"("idle": "40")", -240);
        row("all of it", R"("flops": "6 * width")", 768);
        row("beside idle ones", R"("idle": "40", "flops": "6 * width")", 768 - 240);
        row("less than nothing", R"("idle": "40", "flops": "0 - width")", -240);
        row("beside more idle than there are", R"("idle": "400", "flops": "6 * width")", 768 - 600);
        row("idle below nothing", R"("idle": "0 - 40")", 0);
        row("no number", R"("idle": "40", "flops": "1 / 0 - 1 / 0")", -240);
        row("more idle than there are", R"("idle": "400")", -600);
    }
    void flopsCostTimeAndNothingElse()
    {
        QFETCH(QByteArray, costs);
        QFETCH(double, flops);
        const auto manifest = parsePluginManifest(
            R"({"id": "x", "name": "X", "version": "1.0", "apiVersion": 1, "engineLibrary": "libx.so",
                "costs": [{"name": "a", "parameters": "100", )" +
                costs.toStdString() + "}]}",
            "x");
        VERIFY_OK(manifest);
        PluginInfo info = manifest->info;
        info.state = PluginState::Available;
        RunSpec spec;
        spec.plugins.use = {"x"};
        QCOMPARE(spec.model.width, int64_t(128));
        const RunEstimate plain = estimateRun(spec, 272, 1e9);
        const RunEstimate with = estimateRun(spec, 272, 1e9, costOfPlugins(spec, *FieldTable::withPlugins({info})));
        QCOMPARE(with.flopsPerToken - plain.flopsPerToken, 600 + flops);
        QCOMPARE(with.numParameters, plain.numParameters + 100);
        QCOMPARE(with.activationBytes, plain.activationBytes);
        QCOMPARE(with.cacheBytes, plain.cacheBytes);
    }
    void readsEverything()
    {
        const auto manifest = parsePluginManifest(kWhole.toStdString(), "demo");
        VERIFY_OK(manifest);
        const PluginInfo &info = manifest->info;
        QCOMPARE(qtext(info.id + " " + info.name + " " + info.version), QString("demo A demo 1.2.3"));
        QVERIFY(info.isExperimental && info.hasEngine && info.hasUi);
        QVERIFY(info.requirements == (std::vector<PluginRequirement>{{"base_plugin", "1.1"}, {"other", ""}}));
        QVERIFY(info.provides ==
                (std::vector<ProvidedPart>{{"FeedForward", "demo_ffn"}, {"Block", "demo_block"}}));
        QCOMPARE(qtext(manifest->engineLibrary), QString("libdemo_engine.so"));
        QCOMPARE(qtext(manifest->uiLibrary), QString("libdemo_ui.so"));
        QVERIFY(info.costs == (std::vector<PluginCost>{{"demo", "slope * width", "", "", "2 * layers"}}));
        QCOMPARE(info.settings.size(), size_t{2});
        const Field &slope = info.settings[0];
        QCOMPARE(qtext(slope.key), QString("plugins.demo.slope"));
        QCOMPARE(qtext(slope.rangeText()), QString("above 0 to 2"));
        QCOMPARE(qtext(slope.unit + "|" + slope.owner + "|" + slope.group),
                 QString("1/s|plugins/demo|A demo"));
        QVERIFY(std::get<double>(slope.get(RunSpec{})) == 0.5);
        QVERIFY(info.settings[1].advanced);
        QCOMPARE(qtext(info.settings[1].rangeText()), QString("one of soft, hard"));
    }
    void theSmallestOneWillDo() { VERIFY_OK(parsePluginManifest(manifestOf("x").toStdString(), "x")); }

    void refuses_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const QByteArray &json, const char *text) {
            QTest::newRow(name) << json << QString::fromUtf8(text);
        };
        const auto with = [](const QByteArray &more) { return manifestOf("x", more); };
        const auto changed = [](const QByteArray &from, const QByteArray &to) {
            QByteArray json = manifestOf("x");
            if (!json.contains(from)) qFatal("no %s", from.constData());
            return json.replace(from, to);
        };
        row("empty", "", "broken JSON");
        row("broken, with its line", "{\n\"id\": \"x\",\n  oops}", "line 3, column 3");
        row("cut off", manifestOf("x").chopped(1), "broken JSON");
        row("no object", "[]", "type array, expected an object");
        row("a key twice", with("\"id\":\"x\""), "\"id\" stands there twice");
        row("deep", QByteArray(60'000, '[') + QByteArray(60'000, ']'), "nested more than 6 deep");
        row("deep inside", with("\"requires\":[[[[[[[[1]]]]]]]]"), "nested more than 6 deep");
        row("deep and never closed", QByteArray(200'000, '['), "broken JSON");
        row("too large", QByteArray((256 << 10) + 1, ' '), "262145 bytes, expected at most 262144");
        row("broken UTF-8", changed("Plugin x", "\xff"), "broken JSON");
        row("unknown key", with("\"requiers\":[]"), "Did you mean \"requires\"?");
        row("unknown key of its own kind", with("\"path\":\"/\""),
            "\"path\" is an unknown key, expected one of id, name");
        row("no id", changed("\"id\":\"x\",", ""), "\"id\" is missing");
        row("id of another folder", changed("\"id\":\"x\"", "\"id\":\"y\""),
            "expected \"x\", the name of its folder");
        row("id with a slash", changed("\"id\":\"x\"", "\"id\":\"../x\""), "a lower-case letter");
        row("id in capitals", changed("\"id\":\"x\"", "\"id\":\"X\""), "a lower-case letter");
        row("id of another type", changed("\"id\":\"x\"", "\"id\":7"), "\"id\" is 7, expected a text");
        row("no name", changed("\"name\":\"Plugin x\",", ""), "\"name\" is missing");
        row("empty name", changed("Plugin x", ""), "one line of 1 to 80 bytes");
        row("name with a control", changed("Plugin x", "a\\u001b[2J"), "one line of 1 to 80 bytes");
        row("long name", changed("Plugin x", QByteArray(81, 'a')), "one line of 1 to 80 bytes");
        row("no version", changed("\"version\":\"1.0.0\",", ""), "\"version\" is missing");
        row("version as words", changed("1.0.0", "new"), "numbers such as \"1.2.0\"");
        row("negative version", changed("1.0.0", "1.-1"), "numbers such as \"1.2.0\"");
        row("version of four", changed("1.0.0", "1.0.0.0"), "numbers such as \"1.2.0\"");
        row("no interface", changed("\"apiVersion\":1,", ""), "\"apiVersion\" is missing, expected 1");
        row("interface as text", changed("\"apiVersion\":1", "\"apiVersion\":\"1\""),
            "expected a whole number");
        row("experimental as a word", with("\"experimental\":\"yes\""), "expected true or false");
        row("requires no list", with("\"requires\":{}"), "\"requires\" is an object, expected a list");
        row("requires texts", with("\"requires\":[\"y\"]"), "expected a list of objects");
        row("requires something nameless", with("\"requires\":[{\"version\":\"1\"}]"), "\"id\" is missing");
        row("requires with more", with("\"requires\":[{\"id\":\"y\",\"url\":\"z\"}]"),
            "\"requires.url\" is an unknown key");
        row("requires a bad version", with("\"requires\":[{\"id\":\"y\",\"version\":\">1\"}]"),
            "a version such as");
        row("too many requirements",
            with("\"requires\":[" + QByteArray("{\"id\":\"y\"},").repeated(32) + "{\"id\":\"y\"}]"),
            "a list of 33, expected at most 32");
        row("unknown point", with(R"("provides":[{"point":"Magic","name":"m"}])"),
            "an extension point \"Magic\", expected one of FeedForward, Block");
        row("provides with a bad name", with(R"("provides":[{"point":"Block","name":"a b"}])"),
            "a lower-case letter");
        row("provides twice",
            with(R"("provides":[{"point":"Block","name":"m"},{"point":"Block","name":"m"}])"), "\"m\" twice");
        const auto ruled = [&](const QByteArray &rules) {
            return with("\"settings\":[{\"key\":\"a\",\"label\":\"A\",\"type\":\"integer\",\"default\":1,"
                        "\"effect\":\"e\",\"rules\":" +
                        rules + "}]");
        };
        row("rules that are no list", ruled("7"), "\"rules\" is 7, expected a list of 1 to 8 objects");
        row("rules of texts", ruled(R"(["a > 1"])"), "expected a list of 1 to 8 objects");
        row("no rule", ruled("[]"), "expected a list of 1 to 8 objects");
        row("a rule that says nothing", ruled(R"([{"expected":"x","hint":"y"}])"),
            "rule 1: \"holds\" is nothing, expected a value");
        row("a rule with more", ruled(R"([{"holds":"a","expected":"x","hint":"y","if":"a"}])"),
            "rule 1: \"if\" is an unknown key");
        row("a rule of nobody", ruled(R"([{"holds":"b > 1","expected":"x","hint":"y"}])"),
            "Cannot use the rules of \"plugins.x.a\": Cannot read the formula \"b \"");
        row("a rule that asks for nobody", ruled(R"([{"when":"b","holds":"a","expected":"x","hint":"y"}])"),
            "Cannot use the rules of \"plugins.x.a\"");
        row("a text of nobody", ruled(R"([{"holds":"a","expected":"{b}","hint":"y"}])"),
            "Cannot use the rules of \"plugins.x.a\"");
        row("a text that never ends",
            ruled("[{\"holds\":\"a\",\"expected\":\"x\",\"hint\":\"\\u007ba\"}]"), "is never closed");
        row("costs of no name", with(R"("costs":[{"parameters":"1"}])"), "\"name\" is missing");
        row("costs with more", with(R"("costs":[{"name":"a","time":"1"}])"),
            "\"costs.time\" is an unknown key");
        row("costs that are numbers", with(R"("costs":[{"name":"a","parameters":7}])"),
            "\"parameters\" is 7");
        row("no formula", with(R"("costs":[{"name":"a","cache":"2 *"}])"),
            "Cannot use the costs of \"a\" of plugin \"x\": Cannot read the formula \"2 *\": at byte 3 is "
            "the end");
        row("formula of nobody", with(R"("costs":[{"name":"a","idle":"size"}])"),
            "expected a function or one of context, heads, layers, width, window");
        row("flops that are no formula", with(R"("costs":[{"name":"a","idle":"1","flops":"2 *"}])"),
            "Cannot use the costs of \"a\" of plugin \"x\": Cannot read the formula \"2 *\": at byte 3 is "
            "the end");
        row("flops of nobody", with(R"("costs":[{"name":"a","flops":"size"}])"),
            "expected a function or one of context, heads, layers, width, window");
        row("flops that are numbers", with(R"("costs":[{"name":"a","flops":7}])"), "\"flops\" is 7");
        row("library elsewhere", changed("libx.so", "../y/liby.so"),
            "the name of a file in the plugin's folder");
        row("absolute library", changed("libx.so", "/usr/lib/libm.so"),
            "the name of a file in the plugin's folder");
        row("hidden library", changed("libx.so", ".libx.so"), "the name of a file in the plugin's folder");
        row("no library", changed("libx.so", "run.sh"), "the name of a file in the plugin's folder");
        row("neither half", changed(",\"engineLibrary\":\"libx.so\"", ""),
            "as is \"uiLibrary\", expected at least one");
        row("provides without an engine half",
            QByteArray(manifestOf("x", R"("provides":[{"point":"Block","name":"m"}])"))
                .replace("engineLibrary", "uiLibrary"),
            "given without \"engineLibrary\"");
        row("settings no list", with("\"settings\":{}"), "found an object, expected a list of records");
        row("setting without a key",
            with(R"("settings":[{"label":"S","type":"bool","default":true,"effect":"e"}])"),
            "\"settings\", record 1: \"key\" is nothing");
        row("setting of an unknown type",
            with(R"("settings":[{"key":"s","label":"S","type":"color","default":1,"effect":"e"}])"),
            "expected one of bool, integer");
        row("default out of range",
            with(
                R"("settings":[{"key":"s","label":"S","type":"real","default":3,"maximum":2,"effect":"e"}])"),
            "found 3, expected at most 2");
        row("default of another type",
            with(R"("settings":[{"key":"s","label":"S","type":"integer","default":"3","effect":"e"}])"),
            "found \"3\", expected a whole number");
        row("setting with more",
            with(
                R"("settings":[{"key":"s","label":"S","type":"bool","default":true,"effect":"e","live":true}])"),
            "\"live\" is an unknown key");
        row("setting twice",
            with(R"("settings":[{"key":"s","label":"S","type":"bool","default":true,"effect":"e"},)"
                 R"({"key":"s","label":"S","type":"bool","default":true,"effect":"e"}])"),
            "two records with key");
    }
    void refuses()
    {
        QFETCH(QByteArray, json);
        QFETCH(QString, text);
        const auto manifest = parsePluginManifest(json.toStdString(), "x");
        VERIFY_ERROR(manifest, ErrorCode::InvalidInput, text.toUtf8().constData());
        QVERIFY(manifest.error().message.starts_with("Cannot "));
        QVERIFY(!manifest.error().hint.empty());
    }

    // An older or a newer plugin says so before anything in it that this program cannot know.
    void saysWhichInterfaceItWasMadeFor_data()
    {
        QTest::addColumn<QByteArray>("version");
        QTest::addColumn<QString>("hint");
        QTest::newRow("previous") << QByteArray("0") << "Install a newer version of the plugin.";
        QTest::newRow("next") << QByteArray("2") << "Update Orrery";
        QTest::newRow("huge") << QByteArray("18446744073709551615") << "Update Orrery";
    }
    void saysWhichInterfaceItWasMadeFor()
    {
        QFETCH(QByteArray, version);
        QFETCH(QString, hint);
        const QByteArray json = R"({"apiVersion":)" + version + R"(,"id":"x","somethingNew":{"a":[1]}})";
        const auto manifest = parsePluginManifest(json.toStdString(), "x");
        VERIFY_ERROR(manifest, ErrorCode::InvalidInput,
                     ("version " + version + " of the plugin interface, expected 1").constData());
        VERIFY_ERROR(manifest, ErrorCode::InvalidInput, hint.toUtf8().constData());
    }
    void aHugeFileIsNotRead()
    {
        test::PluginFolder folder;
        folder.write("x/x.json", "{");
        QFile file(folder.path("x/x.json"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QVERIFY(file.resize(qint64{100} << 20)); // a hole: 100 MB that take no room
        file.close();
        VERIFY_ERROR(readPluginManifest(folder.fsPath("x")), ErrorCode::InvalidInput,
                     "104857600 bytes or more, expected at most 262144");
    }
    void aMissingFileIsNamed()
    {
        test::PluginFolder folder;
        VERIFY_ERROR(readPluginManifest(folder.fsPath("x")), ErrorCode::NotFound, "x.json");
    }
};

QTEST_GUILESS_MAIN(TestPluginManifest)
#include "tst_plugin_manifest.moc"
