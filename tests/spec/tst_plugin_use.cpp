// SPDX-License-Identifier: Apache-2.0
// Plugins in a spec: which it uses, how they enter the field table, JSON and digest, and what is refused.
#include "tests/base/check_result.h"

#include "core/base/files.h"
#include "core/spec/field_record.h"
#include "core/spec/plugin_rules.h"
#include "core/spec/plugin_use.h"
#include "core/spec/spec_rules.h"

#include <nlohmann/json.hpp>

using namespace orrery;

namespace {

PluginInfo makePlugin(const std::string &id, const std::string &version = "1.0.0")
{
    PluginInfo plugin;
    plugin.id = id;
    plugin.name = "The " + id;
    plugin.version = version;
    plugin.apiVersion = 1;
    plugin.state = PluginState::Available;
    plugin.hasEngine = true;
    return plugin;
}

PluginInfo relu(const std::string &version = "1.0.0")
{
    PluginInfo plugin = makePlugin("relu", version);
    plugin.provides = {{"FeedForward", "relu_squared"}};
    plugin.settings = *pluginFieldsFromText("relu", plugin.name, R"({"settings":[
        {"key":"scale","label":"Scale","type":"real","default":1,"minimum":0,"maximum":10,"effect":"Multiplies."},
        {"key":"rounds","label":"Rounds","type":"integer","default":2,"minimum":1,"maximum":9,"effect":"Repeats."},
        {"key":"weights","label":"Weights","type":"real_list","default":[],"effect":"Weighs."}]})");
    return plugin;
}

SpecBuilder builderWith(std::vector<PluginInfo> plugins,
                        std::vector<std::pair<std::string, std::string>> settings)
{
    SpecBuilder builder(FieldTable::withPlugins(std::move(plugins)));
    (void)builder.setText("data.path", "/text");
    for (const auto &[key, value] : settings)
        if (const auto set = builder.setText(key, value); !set) qFatal("%s", set.error().text().c_str());
    return builder;
}

} // namespace

class TestPluginUse : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void withoutPluginsNothingChanges()
    {
        RunSpec spec;
        spec.model.attentionDropout = spec.model.dropout; // as it was then
        QVERIFY(specToJson(spec).find("plugins") == std::string::npos);
        // As stored by the version before plugins came.
        QCOMPARE(qtext(specDigest(spec)),
                 QString("681929660dc67b7a826ce38936ebbbbcc1b23c84bd5e724f8ac5cbac6027958a"));
        const auto stored = readFile(std::string(ORRERY_TEST_DATA) + "/spec/run-v1.json", 1 << 20);
        QCOMPARE(qtext(specDigest(*specFromJson(*stored))),
                 QString("c09ee8de74d17a60c7322c14a8517830ce0c1050d92cc1df54366b26ad7c6b98"));
        SpecBuilder builder = builderWith({relu()}, {});
        QVERIFY(builder.build()->plugins.isEmpty());
        QVERIFY(specToJson(*builder.build()) == specToJson(*builderWith({}, {}).build()));
        QVERIFY(specDigest(*builder.build()) == specDigest(*builderWith({}, {}).build()));
    }
    void aPartUsesItsPlugin()
    {
        const auto spec =
            builderWith({relu("1.4.2")}, {{"model.ffn", "relu_squared"}, {"plugins.relu.scale", "3"}})
                .build();
        VERIFY_OK(spec);
        QVERIFY(spec->plugins.use == std::vector<std::string>{"relu@1.4.2"});
        const nlohmann::json json = nlohmann::json::parse(specToJson(*spec));
        QVERIFY(json["plugins"] ==
                (nlohmann::json{
                    {"use", {"relu@1.4.2"}},
                    {"relu", {{"scale", 3.0}, {"rounds", 2}, {"weights", nlohmann::json::array()}}}}));
    }
    void aNameUsesAPlugin()
    {
        const auto spec = builderWith({relu()}, {{"plugins.use", "relu"}}).build();
        VERIFY_OK(spec);
        QVERIFY(spec->plugins.use == std::vector<std::string>{"relu@1.0.0"});
        QCOMPARE(spec->plugins.settings.size(), size_t{3});
    }
    void requirementsAreUsedToo()
    {
        PluginInfo top = makePlugin("top");
        top.requirements = {{"middle", "1"}};
        PluginInfo middle = makePlugin("middle", "1.5.0");
        middle.requirements = {{"relu", ""}};
        const auto spec = builderWith({relu(), middle, top}, {{"plugins.use", "top"}}).build();
        VERIFY_OK(spec);
        QVERIFY(spec->plugins.use == (std::vector<std::string>{"relu@1.0.0", "middle@1.5.0", "top@1.0.0"}));
    }
    void digestFollowsPluginsAndTheirSettings()
    {
        const auto digest = [](std::vector<std::pair<std::string, std::string>> settings,
                               const char *version = "1.0.0") {
            return specDigest(*builderWith({relu(version)}, std::move(settings)).build());
        };
        const std::string usual = digest({{"model.ffn", "relu_squared"}});
        QVERIFY(
            usual ==
            digest({{"model.ffn", "relu_squared"}, {"plugins.relu.scale", "1"}, {"plugins.use", "relu"}}));
        QVERIFY(usual != digest({{"model.ffn", "relu_squared"}, {"plugins.relu.scale", "2"}}));
        QVERIFY(usual != digest({{"model.ffn", "relu_squared"}}, "1.0.1"));
    }

    // A run must open, be listed and be shown where its plugins are not installed.
    void aFrozenSpecDescribesItsPlugins()
    {
        const RunSpec spec =
            *builderWith({relu()}, {{"model.ffn", "relu_squared"}, {"plugins.relu.scale", "2"}}).build();
        for (const int indent : {-1, 2}) {
            const auto read = specFromJson(specToJson(spec, indent));
            VERIFY_OK(read);
            QVERIFY(specToJson(*read) == specToJson(spec));
            QVERIFY(specDigest(*read) == specDigest(spec));
            VERIFY_OK(validateSpec(*read));
        }
        // As a program writes it that does not tell 2.0 from 2.
        std::string rewritten = specToJson(spec, -1);
        rewritten.replace(rewritten.find("\"scale\":2.0"), 11, "\"scale\":2");
        const auto read = specFromJson(rewritten);
        VERIFY_OK(read);
        const auto settings = pluginSettings(*read, *FieldTable::withPlugins({relu()}), "relu");
        VERIFY_OK(settings);
        QVERIFY(settings->at("scale") == FieldValue(2.0));
        QVERIFY(settings->at("weights") == FieldValue(std::vector<double>()));
        VERIFY_OK(validateSpec(*read, *FieldTable::withPlugins({relu()})));
    }
    void dottedKeysDescribeThemToo()
    {
        const auto read = specFromJson(
            R"({"model.ffn":"relu_squared","plugins.use":["relu@1.0.0"],"plugins.relu.scale":2.5,"data.path":"/x"})");
        VERIFY_OK(read);
        QVERIFY(read->plugins.settings.at("plugins.relu.scale") == FieldValue(2.5));
    }
    void describedPluginsExcuseNothingElse_data()
    {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("text");
        QTest::newRow("unknown part without plugins") << R"({"model":{"ffn":"relu_squared"}})"
                                                      << "expected one of swiglu";
        QTest::newRow("settings without use") << R"({"plugins":{"relu":{"scale":1}}})"
                                              << "unknown key";
        QTest::newRow("settings of another") << R"({"plugins":{"use":["a@1"],"b":{"scale":1}}})"
                                             << "there is no plugin \"b\" here";
        QTest::newRow("bad id") << R"({"plugins":{"use":["a@1","../b"]}})"
                                << "Cannot use plugin \"../b\"";
        QTest::newRow("bad version") << R"({"plugins":{"use":["a@1","b@x"]}})"
                                     << "Cannot use plugin \"b@x\"";
        QTest::newRow("twice") << R"({"plugins":{"use":["a@1","a@2"]}})"
                               << "it is named twice";
        QTest::newRow("use as text") << R"({"plugins":{"use":"a"}})"
                                     << "unknown key";
        QTest::newRow("null setting") << R"({"plugins":{"use":["a@1"],"a":{"x":null}}})"
                                      << "unknown key";
        QTest::newRow("part with a bad name") << R"({"model":{"ffn":"re lu"},"plugins":{"use":["a@1"]}})"
                                              << "expected one of swiglu";
        QTest::newRow("another bad field") << R"({"model":{"layers":0},"plugins":{"use":["a@1"]}})"
                                           << "found 0";
    }
    void describedPluginsExcuseNothingElse()
    {
        QFETCH(QString, json);
        QFETCH(QString, text);
        VERIFY_ERROR(specFromJson(json.toStdString()), ErrorCode::InvalidInput, text.toUtf8().constData());
    }

    void refusesToStart_data()
    {
        QTest::addColumn<QString>("state");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("text");
        QTest::newRow("missing") << "missing"
                                 << "plugins.use"
                                 << "Cannot use plugin \"relu\": it is not installed here";
        QTest::newRow("refused") << "refused"
                                 << "model.ffn"
                                 << "which cannot be used: its library is gone";
        QTest::newRow("another major version") << "2.0.0"
                                               << "plugins.use"
                                               << "its version is 2.0.0, expected 1.0.0";
        QTest::newRow("without a setting") << "shrunk"
                                           << "plugins.relu.rounds"
                                           << "plugin \"relu\" 1.0.0 has no such setting";
        QTest::newRow("without the part") << "partless"
                                          << "model.ffn"
                                          << "found \"relu_squared\", expected one of swiglu";
        QTest::newRow("narrower range") << "narrow"
                                        << "plugins.relu.scale"
                                        << "found 2, expected";
    }
    void refusesToStart()
    {
        QFETCH(QString, state);
        QFETCH(QString, key);
        QFETCH(QString, text);
        const RunSpec frozen =
            *builderWith({relu()}, {{"model.ffn", "relu_squared"}, {"plugins.relu.scale", "2"}}).build();
        std::vector<PluginInfo> plugins = {relu()};
        if (state == "missing") plugins.clear();
        if (state == "refused") {
            plugins[0].state = PluginState::Refused;
            plugins[0].reason = "Its library is gone.";
        }
        if (state == "2.0.0") plugins = {relu("2.0.0")};
        if (state == "shrunk") plugins[0].settings.erase(plugins[0].settings.begin() + 1);
        if (state == "partless") plugins[0].provides.clear();
        if (state == "narrow") plugins[0].settings[0].maximum = 1;
        const auto table = FieldTable::withPlugins(plugins);
        const auto problems = findProblems(frozen, *table);
        QVERIFY(!problems.empty());
        const bool isNamed = std::any_of(problems.begin(), problems.end(), [&](const FieldProblem &problem) {
            return qtext(problem.key) == key && qtext(problem.error.text()).contains(text);
        });
        QStringList found;
        for (const FieldProblem &problem : problems)
            found << qtext(problem.key + ": " + problem.error.text());
        QVERIFY2(isNamed, qPrintable(found.join('\n')));
    }
    void allThatIsMissingIsNamedAtOnce()
    {
        RunSpec frozen;
        frozen.plugins.use = {"first@1.0.0", "second@1.0.0"};
        const auto checked = checkPluginUse(frozen, *FieldTable::withPlugins({}));
        VERIFY_ERROR(checked, ErrorCode::InvalidInput, "Cannot use plugin \"first\"");
        VERIFY_ERROR(checked, ErrorCode::InvalidInput, "Cannot use plugin \"second\"");
    }
    void anotherMinorVersionWillDo()
    {
        const RunSpec frozen = *builderWith({relu("1.2.0")}, {{"plugins.use", "relu"}}).build();
        VERIFY_OK(validateSpec(frozen, *FieldTable::withPlugins({relu("1.0.7")})));
    }
    /// A name that nobody provides may be of a plugin that could not be read: whoever typed it looks for that.
    void anUnknownNameLeadsToWhatWasRefused()
    {
        PluginInfo unread;
        unread.id = "newer";
        unread.version = "1.0.0"; // it can be read of a JSON that breaks a rule
        unread.state = PluginState::Refused;
        unread.reason = "Cannot read \"newer.json\": it was made for version 7 of the plugin interface, expected 1.";
        const auto hint = [](const std::vector<PluginInfo> &plugins, const char *name) {
            const auto table = FieldTable::withPlugins(plugins);
            const auto checked = checkFieldValue(*table->find("model.ffn"), FieldValue(std::string(name)));
            return checked.ok() ? QString() : qtext(checked.error().message + '|' + checked.error().hint);
        };
        QVERIFY(hint({unread}, "gelu").isEmpty());
        const QString one = hint({unread, relu()}, "newer_ffn");
        QVERIFY2(one.startsWith(u"Cannot set \"model.ffn\": found \"newer_ffn\", expected one of swiglu") &&
                     one.contains(u"If it is of plugin \"newer\", that was refused: cannot read \"newer.json\": it was "
                                  u"made for version 7"),
                 qPrintable(one));
        PluginInfo other = unread;
        other.id = "other";
        const QString two = hint({unread, other}, "");
        QVERIFY2(two.contains(u"found \"\"") && two.contains(u"the plugins \"newer\", \"other\", these were refused. "
                                                               u"\"newer\": cannot read \"newer.json\""),
                 qPrintable(two));
        // Of what provides a name it is known, and why it cannot be used.
        unread.provides = {{"FeedForward", "newer_ffn"}};
        const QString known = hint({unread}, "newer_ffn");
        QVERIFY2(known.contains(u"it comes from plugin \"newer\", which cannot be used: cannot read \"newer.json\""),
                 qPrintable(known));
        QVERIFY(!hint({unread}, "other_ffn").contains(u"refused"));
        QVERIFY(!hint({relu()}, "newer_ffn").contains(u"refused"));
    }
    /// A spec or model that needs plugins which are not there says which, not that it does not know a name of theirs.
    void aSpecNamesThePluginsThatItLacks()
    {
        const std::string json = R"({"model":{"ffn":"relu_squared"},"plugins":{"use":["relu@1.0.0","late@2.1.0"],"relu":{"scale":3}}})";
        SpecBuilder lacks(FieldTable::withPlugins({}));
        VERIFY_ERROR(lacks.setJson(json), ErrorCode::InvalidInput, "Cannot use plugin \"relu\": it is not installed here");
        VERIFY_ERROR(lacks.setJson(json), ErrorCode::InvalidInput, "Cannot use plugin \"late\": it is not installed here");
        PluginInfo broken = relu();
        broken.state = PluginState::Refused;
        broken.reason = "It is broken.";
        broken.provides.clear();
        SpecBuilder refused(FieldTable::withPlugins({broken}));
        VERIFY_ERROR(refused.setJson(json), ErrorCode::InvalidInput, "Cannot use plugin \"relu\": it is broken.");
        // What is wrong by itself is still said, where the plugins are there.
        SpecBuilder good(FieldTable::withPlugins({relu()}));
        VERIFY_ERROR(good.setJson(R"({"model":{"ffn":"nobody"},"plugins":{"use":["relu"]}})"), ErrorCode::InvalidInput,
                     "found \"nobody\"");
    }
    void unusedOnesMayBeBroken()
    {
        PluginInfo broken = makePlugin("broken");
        broken.state = PluginState::Refused;
        broken.reason = "It is broken.";
        VERIFY_OK(builderWith({broken, relu()}, {{"model.ffn", "relu_squared"}}).build());
        SpecBuilder builder = builderWith({broken}, {{"plugins.use", "broken"}});
        VERIFY_ERROR(builder.build(), ErrorCode::InvalidInput, "Cannot use plugin \"broken\": it is broken.");
    }

    void refusesWhatIsTyped_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("text");
        QTest::newRow("plugin that is not there") << "plugins.rely.scale"
                                                  << "1"
                                                  << "Did you mean \"relu\"?";
        QTest::newRow("setting that is not there") << "plugins.relu.scal"
                                                   << "1"
                                                   << "Did you mean \"plugins.relu.scale\"?";
        QTest::newRow("out of range") << "plugins.relu.scale"
                                      << "11"
                                      << "found 11, expected 0 … 10";
        QTest::newRow("wrong type") << "plugins.relu.rounds"
                                    << "x"
                                    << "expected a whole number, 1 … 9";
        QTest::newRow("misspelt part") << "model.ffn"
                                       << "relu_square"
                                       << "Did you mean \"relu_squared\"?";
    }
    void refusesWhatIsTyped()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, text);
        SpecBuilder builder(FieldTable::withPlugins({relu()}));
        VERIFY_ERROR(builder.setText(key.toStdString(), value.toStdString()), ErrorCode::InvalidInput,
                     text.toUtf8().constData());
    }
    void settingsOfAPluginThatIsNotUsedAreRefused()
    {
        SpecBuilder builder = builderWith({relu()}, {{"plugins.relu.scale", "2"}});
        VERIFY_ERROR(builder.build(), ErrorCode::InvalidInput, "Add \"relu\" to plugins.use");
    }

    void schemaAndCommandKnowThem()
    {
        const auto table = FieldTable::withPlugins({relu()});
        const auto schema = nlohmann::json::parse(specJsonSchema(*table));
        const auto &plugins = schema["properties"]["plugins"];
        QVERIFY(plugins["additionalProperties"] == false);
        QVERIFY(plugins["properties"]["relu"]["properties"]["scale"]["maximum"] == 10.0);
        QVERIFY(plugins["properties"]["use"]["type"] == "array");
        const auto &ffn = schema["properties"]["model"]["properties"]["ffn"]["enum"];
        QVERIFY(std::find(ffn.begin(), ffn.end(), "relu_squared") != ffn.end());
        QVERIFY(!nlohmann::json::parse(specJsonSchema())["properties"].contains("plugins"));
        const SpecBuilder builder =
            builderWith({relu()}, {{"model.ffn", "relu_squared"}, {"plugins.relu.scale", "2"}});
        QCOMPARE(
            qtext(specToCommand(builder)),
            QString(
                "orrery-engine train --data /text --set model.ffn=relu_squared --set plugins.relu.scale=2"));
    }
    void builtInNamesCannotBeTakenOver()
    {
        PluginInfo thief = makePlugin("thief");
        thief.provides = {{"FeedForward", "gelu"}};
        const auto table = FieldTable::withPlugins({thief});
        QVERIFY(!table->providerOf("FeedForward", "gelu"));
        QCOMPARE(table->find("model.ffn")->choices.size(), findField("model.ffn")->choices.size());
    }

    void fieldRecordsSurviveTheWay()
    {
        const std::string text = R"({"settings":[
            {"key":"a","label":"A","type":"bool","default":true,"effect":"e"},
            {"key":"b","label":"B","type":"integer","default":4,"minimum":1,"effect":"e","unit":"steps"},
            {"key":"c","label":"C","type":"real","default":0.5,"maximum":1,"maximumExclusive":true,"effect":"e",
             "rules":[{"when":"b > 2","holds":"c < b","expected":"less than {b}","hint":"h"},
                      {"holds":"a","expected":"x","hint":"h"}]},
            {"key":"d","label":"D","type":"text","default":"x","effect":"e","advanced":true},
            {"key":"e","label":"E","type":"choice","choices":["p","q"],"default":"q","effect":"e"},
            {"key":"f","label":"F","type":"real_list","default":[1,2],"listSize":2,"minimum":0,"effect":"e"},
            {"key":"g","label":"G","type":"text_list","default":["s"],"effect":"e"},
            {"key":"h","label":"H","type":"path","default":"","effect":"e"}]})";
        const auto fields = pluginFieldsFromText("p", "P", text);
        VERIFY_OK(fields);
        QVERIFY(nlohmann::json::parse(pluginFieldsToText(*fields)) == nlohmann::json::parse(text));
        const auto again = pluginFieldsFromText("p", "P", pluginFieldsToText(*fields));
        VERIFY_OK(again);
        for (size_t i = 0; i < fields->size(); ++i) {
            const Field &one = (*fields)[i];
            const Field &two = (*again)[i];
            QCOMPARE(qtext(two.key + two.label + two.group + two.unit + two.rangeText()),
                     qtext(one.key + one.label + one.group + one.unit + one.rangeText()));
            QVERIFY(two.type == one.type && two.advanced == one.advanced &&
                    two.get(RunSpec{}) == one.get(RunSpec{}) && rulesOf(two) == rulesOf(one));
        }
        QVERIFY(pluginFieldsFromText("p", "P", "{}")->empty());
        VERIFY_ERROR(pluginFieldsFromText("p", "P", "["), ErrorCode::InvalidInput, "broken JSON");
    }
    void conditionsCompareFormulas_data()
    {
        QTest::addColumn<QString>("condition");
        QTest::addColumn<bool>("holds");
        const auto row = [](const char *condition, bool holds) {
            QTest::newRow(condition) << QString(condition) << holds;
        };
        row("a >= 3", true);
        row("a >= 3.5", false);
        row("a <= 3", true);
        row("a <= 2", false);
        row("a > 2", true);
        row("a > 3", false);
        row("a < 4", true);
        row("a < 3", false);
        row("2 * a = b", true);
        row("a = b", false);
        row("a - 3", false);
        row("a", true);
        row("max(a, b) >= root(36)", true);
    }
    void conditionsCompareFormulas()
    {
        QFETCH(QString, condition);
        const auto found = evaluateCondition(condition.toStdString(), {{"a", 3}, {"b", 6}});
        VERIFY_OK(found);
        QTEST(*found, "holds");
    }
    void badConditionsAreTold()
    {
        VERIFY_ERROR(evaluateCondition("a >= ", {{"a", 1}}), ErrorCode::InvalidInput, "is the end, expected");
        VERIFY_ERROR(evaluateCondition("c > 1", {{"a", 1}}), ErrorCode::InvalidInput, "one of a");
        VERIFY_ERROR(evaluateCondition("1 < a < 3", {{"a", 1}}), ErrorCode::InvalidInput, "is \"< 3\"");
    }
    void brokenRulesAreShownUnderTheirSetting()
    {
        PluginInfo plugin = relu();
        plugin.settings = *pluginFieldsFromText("relu", plugin.name, R"({"settings":[
            {"key":"scale","label":"Scale","type":"real","default":0,"effect":"e",
             "rules":[{"when":"scale > 0","holds":"window >= 1","expected":"0 without a window, found {window}",
                       "hint":"Set model.window to {context / 4}."}]},
            {"key":"rounds","label":"Rounds","type":"integer","default":2,"effect":"e",
             "rules":[{"holds":"rounds <= layers","expected":"at most {layers}","hint":"Fewer."}]}]})");
        using Settings = std::vector<std::pair<std::string, std::string>>;
        const auto problemsOf = [&](const Settings &settings) {
            const SpecBuilder builder = builderWith({plugin}, settings);
            QStringList texts;
            for (const FieldProblem &problem : findProblems(builder.preview(), builder.table()))
                texts << qtext(problem.key + "|" + problem.error.text());
            return texts;
        };
        const Settings used = {{"plugins.use", "relu"}, {"plugins.relu.scale", "0.5"}};
        QCOMPARE(problemsOf(used),
                 QStringList{"plugins.relu.scale|Cannot set \"plugins.relu.scale\": found 0.5, expected 0 without "
                             "a window, found 0. Set model.window to 32."});
        Settings good = used;
        good.push_back({"model.window", "8"});
        QVERIFY(problemsOf(good).isEmpty());
        good.push_back({"plugins.relu.rounds", "5"});
        QCOMPARE(problemsOf(good), QStringList{"plugins.relu.rounds|Cannot set \"plugins.relu.rounds\": found 5, "
                                               "expected at most 4. Fewer."});
        // Asked before anything is made, and before anything is loaded; a run that was made elsewhere opens.
        const SpecBuilder builder = builderWith({plugin}, used);
        VERIFY_ERROR(builder.build(), ErrorCode::InvalidInput, "0 without a window");
        RunSpec spec = builder.preview();
        completePlugins(spec, builder.table());
        VERIFY_ERROR(checkPluginUse(spec, builder.table()), ErrorCode::InvalidInput, "0 without a window");
        VERIFY_OK(specFromJson(specToJson(spec)));
        // Where the plugin is not used, nobody asks.
        QVERIFY(problemsOf({{"model.layers", "1"}}).isEmpty());
    }
    void rulesForNewRunsLetOldOnesGoOn()
    {
        PluginInfo plugin = relu();
        plugin.settings = *pluginFieldsFromText("relu", plugin.name, R"({"settings":[
            {"key":"scale","label":"Scale","type":"real","default":0,"effect":"e",
             "rules":[{"when":"scale > 0","holds":"window < context","newRunsOnly":true,
                       "expected":"0 beside a window of {window}","hint":"Set model.window to {context / 4}."}]}]})");
        // Rules travel with their record.
        const auto again = pluginFieldsFromText("relu", plugin.name, pluginFieldsToText(plugin.settings));
        VERIFY_OK(again);
        QVERIFY(rulesOf(again->front()) == rulesOf(plugin.settings.front()));
        const SpecBuilder builder = builderWith(
            {plugin}, {{"plugins.use", "relu"}, {"plugins.relu.scale", "0.5"}, {"model.window", "128"}});
        VERIFY_ERROR(builder.build(), ErrorCode::InvalidInput,
                     "found 0.5, expected 0 beside a window of 128");
        RunSpec spec = builder.preview();
        completePlugins(spec, builder.table());
        VERIFY_OK(checkPluginUse(spec, builder.table()));
        QVERIFY(findPluginProblems(spec, builder.table()).empty());
        QVERIFY(findContradictions(spec, builder.table()).empty());
        plugin.state = PluginState::Refused; // whoever cannot use it is told of that alone
        for (const FieldProblem &problem : findProblems(spec, *FieldTable::withPlugins({plugin})))
            QCOMPARE(problem.key, std::string(kUsePluginsKey));
    }
    void versionsAreNumbers()
    {
        QVERIFY(*parsePluginVersion("1") == (PluginVersion{1, 0, 0}));
        QVERIFY(*parsePluginVersion("1.20") > *parsePluginVersion("1.3.9"));
        for (const char *bad :
             {"", "v1", "1.", ".1", "1..2", "1.2.3.4", "-1", "1.-2", "1 ", "9999999", "1.2-rc"})
            QVERIFY2(!parsePluginVersion(bad).ok(), bad);
    }
};

QTEST_GUILESS_MAIN(TestPluginUse)
#include "tst_plugin_use.moc"
