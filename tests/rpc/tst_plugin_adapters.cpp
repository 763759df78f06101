// SPDX-License-Identifier: Apache-2.0
// A list of plugins on its way from a host to a window.
#include "core/rpc/adapters.h"
#include "core/spec/field_record.h"
#include "core/spec/field_table.h"

#include <QTest>

using namespace orrery;

class TestPluginAdapters : public QObject {
    Q_OBJECT

    static PluginListing wholeListing()
    {
        PluginInfo plugin;
        plugin.id = "relu";
        plugin.name = "Squared ReLU";
        plugin.version = "1.2.3";
        plugin.apiVersion = 1;
        plugin.state = PluginState::Disabled;
        plugin.reason = "It requires \"x\".";
        plugin.hint = "Install it.";
        plugin.directory = "/opt/relu";
        plugin.isExperimental = plugin.hasEngine = plugin.hasUi = true;
        plugin.provides = {{"FeedForward", "a"}, {"Block", "b"}};
        plugin.requirements = {{"x", "1.1"}, {"y", ""}};
        plugin.costs = {{"a", "scale * width", "1", "2", "3"}, {"b", "", "", "", "4"}};
        plugin.settings = *pluginFieldsFromText("relu", "Squared ReLU", R"({"settings":[
            {"key":"scale","label":"Scale","type":"real","default":2,"maximum":10,"effect":"e","unit":"s","advanced":true}]})");
        return {{plugin, PluginInfo{}}, {Error{ErrorCode::Conflict, "m", "h"}}};
    }

private Q_SLOTS:
    void everythingArrives()
    {
        const PluginListing sent = wholeListing();
        v1::PluginList message;
        toMessage(sent, message);
        const auto received = fromMessage(message);
        QVERIFY(received.ok());
        QCOMPARE(received->plugins.size(), size_t{2});
        const PluginInfo &one = sent.plugins[0];
        const PluginInfo &other = received->plugins[0];
        QVERIFY(other.id == one.id && other.name == one.name && other.version == one.version &&
                other.apiVersion == one.apiVersion);
        QVERIFY(other.state == one.state && other.reason == one.reason && other.hint == one.hint &&
                other.directory == one.directory);
        QVERIFY(other.isExperimental && other.hasEngine && other.hasUi);
        QVERIFY(other.provides == one.provides && other.requirements == one.requirements);
        QVERIFY(other.costs == one.costs);
        QCOMPARE(pluginFieldsToText(other.settings), pluginFieldsToText(one.settings));
        QVERIFY(other.settings[0].get(RunSpec{}) == FieldValue(2.0));
        QCOMPARE(other.settings[0].key, std::string("plugins.relu.scale"));
        QVERIFY(received->plugins[1].state == PluginState::Unknown);
        QVERIFY(received->problems.size() == 1 && received->problems[0].code == ErrorCode::Conflict);
    }
    void aNewerEngineIsUnderstoodAsFarAsPossible()
    {
        v1::PluginList message;
        toMessage(wholeListing(), message);
        message.mutable_plugins(0)->set_state(99);
        QVERIFY(fromMessage(message)->plugins[0].state == PluginState::Unknown);
    }
    void brokenSettingsAreAnError_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::newRow("broken") << QByteArray("{");
        QTest::newRow("no list") << QByteArray(R"({"settings":7})");
        QTest::newRow("a type that is not known") << QByteArray(
            R"({"settings":[{"key":"a","label":"A","type":"color","default":1,"effect":"e"}]})");
        QTest::newRow("too large") << QByteArray((1 << 20) + 1, ' ');
    }
    void brokenSettingsAreAnError()
    {
        QFETCH(QByteArray, json);
        v1::PluginList message;
        message.add_plugins()->set_settings_json(json.toStdString());
        const auto received = fromMessage(message);
        QVERIFY(!received.ok());
        QVERIFY(received.error().code == ErrorCode::Io && !received.error().hint.empty());
    }
};

QTEST_GUILESS_MAIN(TestPluginAdapters)
#include "tst_plugin_adapters.moc"
