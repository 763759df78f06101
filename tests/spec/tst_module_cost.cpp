// SPDX-License-Identifier: Apache-2.0
// What a module costs is the estimate with it, less the estimate without it; here both are made by hand.
#include "core/spec/module_cost.h"

#include "core/spec/field_record.h"
#include "core/spec/plugin_cost.h"
#include "core/spec/plugin_use.h"

#include <QElapsedTimer>
#include <QtTest>

#include <nlohmann/json.hpp>

#include <cmath>

using namespace orrery;

namespace {

constexpr uint64_t kValTokens = 20'000, kTrainTokens = 1'000'000;
constexpr MachineSpeed kSpeed{.slowness = 1.7};

PluginInfo pluginOf(const std::string &id, const char *settings)
{
    PluginInfo plugin;
    plugin.id = plugin.name = id;
    plugin.version = "1.0.0";
    plugin.state = PluginState::Available;
    plugin.settings = *pluginFieldsFromJson(id, id, nlohmann::json::parse(settings));
    return plugin;
}

/// Two parts with sizes of their own, one of them beside a setting that may not be 0; and a plugin whose
/// only size may not be 0 either, which another one brings along.
FieldTable::Ptr table()
{
    PluginInfo store = pluginOf("store", R"([
        {"key": "reads", "label": "Reads", "type": "integer", "default": 4, "minimum": 1, "effect": "."},
        {"key": "notes", "label": "Notes", "type": "integer", "default": 0, "minimum": 0, "effect": "."},
        {"key": "facts", "label": "Facts", "type": "bool", "default": false, "effect": "."}])");
    store.costs = {
        {"notes", "notes * width", "-on(notes) * reads * width", "on(notes) * reads", "notes * width"},
        {"facts", "facts * 1000", "facts * 900", "", ""}};
    PluginInfo network = pluginOf("network", "[]");
    network.provides = {{"FeedForward", "relu_squared"}};
    PluginInfo whole = pluginOf("whole", R"([
        {"key": "size", "label": "Size", "type": "integer", "default": 1, "minimum": 1, "effect": "."}])");
    whole.costs = {{"all", "5000 * size", "", "size * width", ""}};
    PluginInfo outer = pluginOf("outer", "[]");
    outer.requirements = {{"whole", "1.0.0"}};
    return FieldTable::withPlugins({store, network, whole, outer});
}

RunSpec specOf(const QStringList &settings)
{
    SpecBuilder builder(table());
    for (const QString &setting : settings) {
        const auto taken =
            builder.setText(setting.section('=', 0, 0).toStdString(), setting.section('=', 1).toStdString());
        if (!taken.ok()) qFatal("%s", taken.error().text().c_str());
    }
    RunSpec spec = builder.preview();
    spec.threads = 2;
    return spec;
}

double secondsOf(const RunSpec &spec)
{
    return estimateTime(spec, estimateWhole(spec, *table(), kTrainTokens), kSpeed, kValTokens, kTrainTokens)
        .seconds;
}

ModuleCosts costsOf(const RunSpec &spec)
{
    return costOfModules(spec, *table(), kSpeed, kValTokens, kTrainTokens);
}

void compare(const ModuleCost &cost, const RunSpec &with, const RunSpec &without)
{
    const RunEstimate one = estimateWhole(with, *table(), kTrainTokens),
                      other = estimateWhole(without, *table(), kTrainTokens);
    QCOMPARE(cost.parameters, double(one.numParameters) - double(other.numParameters));
    QCOMPARE(cost.bytes, double(one.totalBytes) - double(other.totalBytes));
    QCOMPARE(cost.cacheBytes, double(one.cacheBytes) - double(other.cacheBytes));
    QCOMPARE(cost.seconds, secondsOf(with) - secondsOf(without));
    QCOMPARE(cost.slowdown, secondsOf(with) / secondsOf(without) - 1);
}

} // namespace

class TestModuleCost : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void isTheDifferenceOfTwoEstimates_data()
    {
        QTest::addColumn<QStringList>("on");
        QTest::addColumn<QStringList>("off");
        QTest::addColumn<QString>("key");
        const auto row = [](const char *name, const QStringList &on, const QStringList &off,
                            const char *key) {
            QTest::newRow(name) << on << off << QString::fromLatin1(key);
        };
        row("modalities", {"attention.num_modalities=3"}, {}, "attention.num_modalities");
        row("modalities that share their weights", {"attention.num_modalities=2", "attention.separate=false"},
            {"attention.separate=false"}, "attention.num_modalities");
        row("prefixes and holes", {"objective.name=hybrid"}, {}, "objective.name");
        row("a part with a size", {"plugins.use=store", "plugins.store.notes=64"}, {"plugins.use=store"},
            "plugins.store.notes");
        row("a part that is on or off", {"plugins.use=store", "plugins.store.facts=true"},
            {"plugins.use=store"}, "plugins.store.facts");
        row("a feed-forward network", {"model.ffn=relu_squared"}, {}, "model.ffn");
        row("a plugin as a whole", {"plugins.use=whole"}, {}, "plugins.use");
        row("one that another brings", {"plugins.use=outer"}, {}, "plugins.use");
        row("replay", {"continual.stages=/b", "continual.strategy=rehearsal"},
            {"continual.strategy=rehearsal"}, "continual.stages");
        row("kept logits", {"continual.stages=/b", "continual.strategy=derpp"}, {}, "continual.stages");
        row("a penalty", {"continual.stages=/b", "continual.strategy=ewc"}, {}, "continual.stages");
    }
    void isTheDifferenceOfTwoEstimates()
    {
        QFETCH(const QStringList, on);
        QFETCH(const QStringList, off);
        QFETCH(const QString, key);
        const ModuleCosts costs = costsOf(specOf(on));
        QCOMPARE(costs.modules.size(), size_t{1});
        QCOMPARE(QString::fromStdString(costs.modules[0].off.key), key);
        compare(costs.modules[0].cost, specOf(on), specOf(off));
        compare(costs.together, specOf(on), specOf(off));
        QVERIFY(!costs.modules[0].cost.isNothing());
    }
    void eachIsHeldAgainstTheRestAsItIs()
    {
        const QStringList modalities{"attention.num_modalities=3"}, hybrid{"objective.name=hybrid"};
        const QStringList store{"plugins.use=store"}, notes{"plugins.store.notes=64"},
            facts{"plugins.store.facts=true"};
        const QStringList further{"continual.stages=/b"};
        const RunSpec spec = specOf(modalities + hybrid + store + notes + facts + further);
        const ModuleCosts costs = costsOf(spec);
        QCOMPARE(costs.modules.size(), size_t{5});
        compare(costs.modules[0].cost, spec, specOf(hybrid + store + notes + facts + further));
        compare(costs.modules[1].cost, spec, specOf(modalities + store + notes + facts + further));
        compare(costs.modules[2].cost, spec, specOf(modalities + hybrid + store + facts + further));
        compare(costs.modules[3].cost, spec, specOf(modalities + hybrid + store + notes + further));
        compare(costs.modules[4].cost, spec, specOf(modalities + hybrid + store + notes + facts));
        compare(costs.together, spec, specOf(store));
        // What parts of plugins take together is not in what each takes beside the other.
        QVERIFY(costs.together.seconds > costs.modules[2].cost.seconds + costs.modules[3].cost.seconds);
    }
    void ofSeveralPluginsEachGoesByItself()
    {
        const RunSpec spec = specOf({"plugins.use=[\"outer\",\"store\"]", "plugins.store.notes=64"});
        const ModuleCosts costs = costsOf(spec);
        QCOMPARE(costs.modules.size(), size_t{2});
        QCOMPARE(costs.modules[0].off.plugin, std::string("whole"));
        compare(costs.modules[0].cost, spec, specOf({"plugins.use=store", "plugins.store.notes=64"}));
        compare(costs.modules[1].cost, spec, specOf({"plugins.use=[\"outer\",\"store\"]"}));
        compare(costs.together, spec, specOf({"plugins.use=store"}));
    }
    void isNothingWithoutModules()
    {
        for (const QStringList &settings : {QStringList{}, {"plugins.use=store"}, {"plugins.use=network"}}) {
            const ModuleCosts costs = costsOf(specOf(settings));
            QVERIFY(costs.modules.empty());
            QVERIFY(costs.together.isNothing());
        }
    }
    /// A spec that could not be started, as it stands between two keys.
    void doesNotAskWhetherItCanStart()
    {
        RunSpec spec = specOf({"attention.num_modalities=3", "objective.name=hybrid"});
        spec.model.heads = 7;
        spec.data.path.clear();
        QVERIFY(!validateSpec(spec, *table()).ok());
        QCOMPARE(costsOf(spec).modules.size(), size_t{2});
        spec.model.layers = spec.model.width = spec.model.context = 1'000'000'000;
        spec.train.steps = 0;
        for (const auto &[off, cost] : costsOf(spec).modules)
            QVERIFY(std::isfinite(cost.bytes) && std::isfinite(cost.slowdown));
    }
    /// It is made anew at each key.
    void takesNoTime()
    {
        const RunSpec spec =
            specOf({"attention.num_modalities=3", "objective.name=hybrid", "plugins.use=store",
                    "plugins.store.notes=64", "plugins.store.facts=true", "continual.stages=/b"});
        const FieldTable::Ptr fields = table();
        QElapsedTimer timer;
        timer.start();
        constexpr int kNumTimes = 20;
        for (int i = 0; i < kNumTimes; ++i)
            (void)costOfModules(spec, *fields, kSpeed, kValTokens, kTrainTokens);
        const double each = double(timer.nsecsElapsed()) / kNumTimes / 1e6;
        QVERIFY2(each < 4, qPrintable(QStringLiteral("%1 ms").arg(each)));
        qInfo("%.3f ms", each);
    }
};

QTEST_APPLESS_MAIN(TestModuleCost)
#include "tst_module_cost.moc"
