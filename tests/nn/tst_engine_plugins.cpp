// SPDX-License-Identifier: Apache-2.0
// The engine halves of plugins in this process: what loads, what is refused and why, and that nothing of it
// ends the process.
#include "tests/base/check_result.h"
#include "tests/nn/model_fixtures.h"
#include "tests/plugin/plugin_fixture.h"

#include "core/base/log.h"
#include "core/nn/extension_points.h"
#include "core/nn/plugin_loader.h"
#include "core/nn/prepare_plugins.h"
#include "core/nn/torch_guard.h"

#include <QElapsedTimer>

using namespace orrery;
using orrery::nn::test::kVocab;
using orrery::nn::test::makeIds;
using orrery::test::PluginFolder;

namespace {

const QByteArray kProvides = R"("provides":[{"point":"FeedForward","name":"probe_ffn"}])";
const QByteArray kSettings =
    R"("settings":[{"key":"behaviour","label":"Behaviour","type":"text","default":"good","effect":"What it does."}])";

RunSpec probeSpec(const QString &behaviour = {})
{
    RunSpec spec;
    spec.model = nn::test::smallSpec();
    spec.model.ffn = "probe_ffn";
    if (!behaviour.isEmpty()) spec.plugins.settings["plugins.probe.behaviour"] = behaviour.toStdString();
    return spec;
}

/// A registry entry that a test puts in and takes out.
class DoubledInput final : public nn::FeedForward {
public:
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override { return x_BTC * 2; }
};

} // namespace

class TestEnginePlugins : public QObject {
    Q_OBJECT

    /// A folder with one plugin "probe", whose library is a file of the build.
    static void install(const PluginFolder &folder, const char *library = "probe",
                        const QByteArray &more = kProvides + "," + kSettings)
    {
        folder.add("probe", more);
        QFile file(QStringLiteral(ORRERY_TEST_LIBRARIES "/lib%1.so").arg(QLatin1String(library)));
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
        folder.write("probe/libprobe.so", file.readAll());
    }
    static Result<std::unique_ptr<nn::Transformer>> build(const RunSpec &spec)
    {
        return nn::Transformer::create(spec.model, kVocab, 7, "cpu");
    }

private Q_SLOTS:
    void loadsAndTakesOut()
    {
        PluginFolder folder;
        install(folder);
        const RunSpec spec = probeSpec();
        {
            nn::EnginePlugins plugins;
            VERIFY_OK(plugins.load(folder.scan(), spec));
            QCOMPARE(plugins.loaded().size(), size_t{1});
            QCOMPARE(qtext(plugins.loaded()[0].id + " " + plugins.loaded()[0].version),
                     QString("probe 1.0.0"));
            VERIFY_OK(build(spec));
            VERIFY_OK(plugins.load(folder.scan(), spec)); // again, for another model
            plugins.stop();
            QVERIFY(plugins.loaded().empty());
            QVERIFY(!nn::feedForwardRegistry().find("probe_ffn"));
            VERIFY_OK(plugins.load(folder.scan(), spec));
        }
        QVERIFY(!nn::feedForwardRegistry().find("probe_ffn"));
        VERIFY_ERROR(build(spec), ErrorCode::InvalidInput, "probe_ffn");
    }
    // design §10: FeedForward is swapped by a double through the registry; a plugin's part computes the same.
    void aPartEqualsItsDouble()
    {
        PluginFolder folder;
        install(folder);
        RunSpec spec = probeSpec();
        nn::feedForwardRegistry().add("double_ffn",
                                      [](nn::BuildContext &) { return std::make_unique<DoubledInput>(); });
        spec.model.ffn = "double_ffn";
        const at::Tensor expected = (*build(spec))->logits(makeIds(2, 8), {});
        nn::feedForwardRegistry().remove("double_ffn");
        QVERIFY(!build(spec).ok());
        spec.model.ffn = "probe_ffn";
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(folder.scan(), spec));
        QVERIFY(at::equal((*build(spec))->logits(makeIds(2, 8), {}), expected));
    }
    void aSpecWithoutPluginsLoadsNone()
    {
        PluginFolder folder;
        install(folder);
        nn::EnginePlugins plugins;
        RunSpec spec = probeSpec();
        spec.model.ffn = "gelu";
        spec.plugins = {};
        VERIFY_OK(plugins.load(folder.scan(), spec));
        QVERIFY(plugins.loaded().empty());
    }
    void saysWhatVersionARunWasMadeWith()
    {
        PluginFolder folder;
        install(folder);
        RunSpec spec = probeSpec();
        spec.plugins.use = {"probe@1.7.3"};
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(folder.scan(), spec));
        QCOMPARE(qtext(plugins.loaded()[0].frozenVersion), QString("1.7.3"));
    }

    void refusesLibraries_data()
    {
        QTest::addColumn<QString>("reason");
        QTest::newRow("no_symbol") << "has no symbol orrery_plugin_engine_v1";
        QTest::newRow("undefined") << "orrery_test_symbol_that_nobody_has";
        QTest::newRow("no_entry") << "what its library describes is incomplete";
        QTest::newRow("next_symbol") << "built for version 2 of the plugin interface, expected 1";
        QTest::newRow("previous_symbol") << "built for version 0 of the plugin interface, expected 1";
        QTest::newRow("next_api") << "built for version 2 of the plugin interface, expected 1";
        QTest::newRow("short_entry") << "what its library describes is incomplete";
        QTest::newRow("other_id") << "its library is that of plugin \"somebody\"";
        QTest::newRow("other_torch") << "its library was built with LibTorch 1.0.0, expected 2.";
        QTest::newRow("other_layout") << "built with headers of another version of this program";
        QTest::newRow("create_throws") << "create() failed: its constructor is out of order.";
    }
    void refusesLibraries()
    {
        QFETCH(QString, reason);
        PluginFolder folder;
        install(folder, QTest::currentDataTag());
        nn::EnginePlugins plugins;
        const auto loaded = plugins.load(folder.scan(), probeSpec());
        VERIFY_ERROR(loaded, ErrorCode::InvalidInput, reason.toUtf8().constData());
        QVERIFY(loaded.error().message.starts_with("Cannot use plugin \"probe\": "));
        QVERIFY(!loaded.error().hint.empty());
        VERIFY_ERROR(nn::checkEngineLibrary("probe", folder.fsPath("probe/libprobe.so")),
                     ErrorCode::InvalidInput, reason.toUtf8().constData());
    }
    void refusesFilesThatAreNoLibraries()
    {
        PluginFolder folder;
        install(folder);
        folder.write("probe/libprobe.so", "text");
        nn::EnginePlugins plugins;
        VERIFY_ERROR(plugins.load(folder.scan(), probeSpec()), ErrorCode::InvalidInput, "it is no library");
        folder.write("probe/libprobe.so", test::libraryHeader()); // the header is right, and nothing else
        VERIFY_ERROR(plugins.load(folder.scan(), probeSpec()), ErrorCode::InvalidInput,
                     "could not be loaded");
    }

    void refusesMisbehaviour_data()
    {
        QTest::addColumn<QString>("reason");
        QTest::newRow("error") << "configure() failed: Cannot find its table. Bring the table.";
        QTest::newRow("throws") << "configure() failed: configure is out of order.";
        QTest::newRow("throws_int") << "configure() failed: it threw something that is no exception class.";
        QTest::newRow("unknown_setting") << "it asked for setting \"nope\", which its JSON does not declare";
        QTest::newRow("other_layout")
            << "configure() failed: its library was built with headers of another version of "
               "this program, in which the parts of \"FeedForward\" are handed other things.";
        QTest::newRow("wrong_type") << "it asked for setting \"behaviour\" as another type";
        QTest::newRow("registers_nothing") << "did not register \"probe_ffn\"";
        QTest::newRow("registers_more") << "\"provides\" in probe.json does not list it";
        QTest::newRow("start_error") << "start() failed: Cannot start today.";
        QTest::newRow("start_throws") << "start() failed: start is out of order.";
    }
    void refusesMisbehaviour()
    {
        QFETCH(QString, reason);
        PluginFolder folder;
        install(folder);
        nn::EnginePlugins plugins;
        const auto loaded = plugins.load(folder.scan(), probeSpec(QTest::currentDataTag()));
        VERIFY_ERROR(loaded, ErrorCode::InvalidInput, reason.toUtf8().constData());
        QVERIFY(loaded.error().message.starts_with("Cannot use plugin \"probe\": "));
        QVERIFY(plugins.loaded().empty());
        QVERIFY(!nn::feedForwardRegistry().find("probe_ffn"));
        VERIFY_OK(plugins.load(folder.scan(), probeSpec())); // the process is as good as before
    }

    void partsFailWithTheirPluginsName_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("code");
        const int unavailable = static_cast<int>(ErrorCode::Unavailable);
        QTest::newRow("factory_throws")
            << "plugin \"probe\" failed: the factory is out of order" << unavailable;
        QTest::newRow("factory_nothing")
            << "plugin \"probe\" failed: its factory made nothing" << unavailable;
        QTest::newRow("forward_throws") << "plugin \"probe\" failed: forward is out of order" << unavailable;
        QTest::newRow("forward_throws_int") << "plugin \"probe\" failed: it threw something" << unavailable;
        QTest::newRow("forward_torch_error") << "plugin \"probe\" failed: " << unavailable;
        QTest::newRow("forward_shape")
            << "its result has shape [2, 1, 16], expected [2, 8, 16]" << unavailable;
        QTest::newRow("forward_type")
            << "its result is BFloat16 on cpu, expected Float on cpu" << unavailable;
        QTest::newRow("forward_nothing") << "its result has shape (none)" << unavailable;
        QTest::newRow("forward_out_of_memory")
            << "memory ran out" << static_cast<int>(ErrorCode::OutOfMemory);
    }
    void partsFailWithTheirPluginsName()
    {
        QFETCH(QString, text);
        QFETCH(int, code);
        PluginFolder folder;
        install(folder);
        const RunSpec spec = probeSpec(QTest::currentDataTag());
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(folder.scan(), spec));
        const auto outcome = nn::guardTorch("train", [&]() -> Result<void> {
            ORRERY_ASSIGN(const auto model, build(spec));
            (void)model->logits(makeIds(2, 8), {});
            return {};
        });
        VERIFY_ERROR(outcome, static_cast<ErrorCode>(code), text.toUtf8().constData());
    }

    void refusesWhatTheCatalogueRefuses()
    {
        PluginFolder folder;
        install(folder);
        folder.setMode("probe/libprobe.so", 0777);
        nn::EnginePlugins plugins;
        VERIFY_ERROR(plugins.load(folder.scan(), probeSpec()), ErrorCode::InvalidInput,
                     "everybody may write it");
        RunSpec frozen = probeSpec();
        frozen.plugins.use = {"probe@1.0.0"};
        QDir(folder.path("probe")).removeRecursively();
        VERIFY_ERROR(plugins.load(folder.scan(), frozen), ErrorCode::InvalidInput,
                     "Cannot use plugin \"probe\": it is not installed here");
        folder.addAs("probe", test::manifestOf("probe", kProvides).replace("1.0.0", "2.0.0"));
        VERIFY_ERROR(plugins.load(folder.scan(), frozen), ErrorCode::InvalidInput,
                     "its version is 2.0.0, expected 1.0.0");
    }
    void sourcesAndModulesAreGuarded_data()
    {
        QTest::addColumn<QString>("point");
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("text"); // empty: nothing goes wrong
        const QString source = "AttentionSource", module = "ResidualModule";
        QTest::newRow("source_good") << source << "probe_source"
                                     << "";
        QTest::newRow("source_shape") << source << "probe_source"
                                      << "plugin \"probe\" failed: its result has shape";
        QTest::newRow("source_type")
            << source << "probe_source"
            << "plugin \"probe\" failed: its result is Double on cpu, expected Float on cpu";
        QTest::newRow("source_throws") << source << "probe_source"
                                       << "plugin \"probe\" failed: the source is dry";
        QTest::newRow("module_good") << module << "probe_module"
                                     << "";
        QTest::newRow("module_shape") << module << "probe_module"
                                      << "plugin \"probe\" failed: its result has shape [2, 8, 1], expected";
        QTest::newRow("module_type")
            << module << "probe_module"
            << "plugin \"probe\" failed: its result is Double on cpu, expected Float on cpu";
    }
    void sourcesAndModulesAreGuarded()
    {
        QFETCH(QString, point);
        QFETCH(QString, name);
        QFETCH(QString, text);
        PluginFolder folder;
        QByteArray provides =
            R"("provides":[{"point":"FeedForward","name":"probe_ffn"},{"point":"POINT","name":"NAME"}])";
        provides.replace("POINT", point.toUtf8()).replace("NAME", name.toUtf8());
        install(folder, "probe", provides + "," + kSettings);
        nn::EnginePlugins plugins;
        VERIFY_ERROR(plugins.load(folder.scan(), probeSpec()), ErrorCode::InvalidInput,
                     "did not register \"" + name.toUtf8() + "\"");
        VERIFY_OK(plugins.load(folder.scan(), probeSpec(QTest::currentDataTag())));
        const auto model = build(probeSpec());
        VERIFY_OK(model);
        const auto logits = nn::guardTorch(
            "compute logits", [&]() -> Result<at::Tensor> { return (*model)->logits(makeIds(2, 8), {}); });
        if (text.isEmpty())
            VERIFY_OK(logits);
        else
            VERIFY_ERROR(logits, ErrorCode::Unavailable, text.toUtf8().constData());
        plugins.stop();
        QVERIFY(nn::attentionSourceRegistry().names().empty());
        QVERIFY(nn::residualModuleRegistry().names().empty());
    }
    void aProgramThatLoadsNoneRefuses()
    {
        RunSpec spec = probeSpec();
        spec.plugins.use = {"probe@1.0.0"};
        VERIFY_ERROR(nn::preparePlugins({}, spec), ErrorCode::InvalidInput, "Cannot use plugins probe@1.0.0");
        VERIFY_OK(nn::preparePlugins({}, RunSpec{}));
    }

    void stopsWhateverStopDoes()
    {
        PluginFolder folder;
        install(folder);
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(folder.scan(), probeSpec("stop_throws")));
        plugins.stop();
        QVERIFY(!nn::feedForwardRegistry().find("probe_ffn"));
        VERIFY_OK(plugins.load(folder.scan(), probeSpec("stop_hangs")));
        plugins.stop(); // gives up after its limit; a hang would fail by the test's own time limit
        QVERIFY(!nn::feedForwardRegistry().find("probe_ffn"));
        VERIFY_OK(plugins.load(folder.scan(), probeSpec()));
    }
};

QTEST_GUILESS_MAIN(TestEnginePlugins)
#include "tst_engine_plugins.moc"
