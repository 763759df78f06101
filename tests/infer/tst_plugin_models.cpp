// SPDX-License-Identifier: Apache-2.0
// Models that use plugins: a run and a model directory carry the names and settings, and neither is built
// without them.
#include "tests/base/check_result.h"
#include "tiny_run.h"

#include "core/base/files.h"
#include "core/infer/model_loader.h"
#include "core/nn/masks.h"
#include "core/nn/plugin_parts.h"

#include <ATen/ATen.h>
#include <QTemporaryDir>

using namespace orrery;
using namespace orrery::test;

namespace {

class DoubledInput final : public nn::FeedForward {
public:
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override { return x_BTC * 2; }
};

/// A memory that throws where it is told to.
class BadMemory final : public nn::PartState, public MemoryControl {
public:
    explicit BadMemory(std::string bad) : m_bad(std::move(bad)) {}
    MemoryControl *memory() override { return this; }
    [[nodiscard]] std::shared_ptr<nn::PartState> clone() const override
    {
        meet("clone");
        return std::make_shared<BadMemory>(*this);
    }
    void endText(const nn::KvCache &) override { meet("endText"); }
    [[nodiscard]] MemoryStatus status() const override { return {}; }
    [[nodiscard]] std::vector<MemoryEvent> listEvents() const override { return {}; }
    Result<void> pin(int64_t, bool) override { return {}; }
    int64_t wipe(const std::string &) override { return 0; }
    [[nodiscard]] Result<void> save(const std::filesystem::path &) const override { return {}; }
    Result<void> load(const std::filesystem::path &) override { return {}; }

private:
    void meet(const std::string &what) const
    {
        if (m_bad == what) throw std::runtime_error(what + " is out of order");
    }
    std::string m_bad;
};

class BadSource final : public nn::AttentionSource {
public:
    explicit BadSource(std::string bad) : m_bad(std::move(bad)) {}
    at::Tensor read(const nn::SourceInput &input, const nn::ForwardContext &) override
    {
        return input.local_BHTD;
    }
    [[nodiscard]] bool remembers() const override { return true; }
    void beginText(nn::KvCache &cache, int64_t) override
    {
        cache.parts["bad"] = std::make_shared<BadMemory>(m_bad);
    }

private:
    std::string m_bad;
};

} // namespace

class TestPluginModels : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::string m_run = m_folder.filePath("run").toStdString();
    RunSpec m_spec = tinySpec();

    static void addPart()
    {
        nn::feedForwardRegistry().add("double_ffn",
                                      [](nn::BuildContext &) { return std::make_unique<DoubledInput>(); });
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_spec.model.ffn = "double_ffn";
        m_spec.plugins.use = {"first@1.0.0", "second@2.1.0"};
        m_spec.plugins.settings = {{"plugins.second.scale", 2.0}};
        addPart();
        makeTinyRun(m_run, m_spec, {{100, 2.0}});
        nn::feedForwardRegistry().remove("double_ffn");
    }
    void cleanup() { nn::feedForwardRegistry().remove("double_ffn"); }

    void aRunIsBuiltWithWhatItsPluginsBring()
    {
        int numAsked = 0;
        const auto prepare = [&](const RunSpec &spec) -> Result<void> {
            ++numAsked;
            if (spec.plugins.use != m_spec.plugins.use || spec.plugins.settings != m_spec.plugins.settings)
                return Error{ErrorCode::Internal, "Another spec.", ""};
            addPart();
            return {};
        };
        VERIFY_OK(loadGenerator({.path = m_run}, "cpu", 1, prepare));
        QCOMPARE(numAsked, 1);
    }
    void withoutThemItIsRefused()
    {
        addPart(); // even where the part happens to be there: another plugin may be missing
        VERIFY_ERROR(loadGenerator({.path = m_run}, "cpu", 1), ErrorCode::InvalidInput,
                     "Cannot use plugins first@1.0.0, second@2.1.0");
        const auto refusing = [](const RunSpec &) -> Result<void> {
            return Error{ErrorCode::InvalidInput, "Cannot use plugin \"first\": it is gone.", "Bring it."};
        };
        VERIFY_ERROR(loadGenerator({.path = m_run}, "cpu", 1, refusing), ErrorCode::InvalidInput,
                     "it is gone. Bring it.");
    }
    void aModelDirectoryNeedsThemToo()
    {
        const std::string directory = m_run + "-model";
        VERIFY_OK(exportModelDirectory({.path = m_run}, directory));
        VERIFY_ERROR(loadGenerator({.path = directory}, "cpu", 1), ErrorCode::InvalidInput,
                     "Cannot use plugins first@1.0.0, second@2.1.0");
        const auto prepare = [this](const RunSpec &spec) -> Result<void> {
            if (spec.plugins.use != m_spec.plugins.use || spec.plugins.settings != m_spec.plugins.settings)
                return Error{ErrorCode::Internal, "Another spec.", ""};
            addPart();
            return {};
        };
        VERIFY_OK(loadGenerator({.path = directory}, "cpu", 1, prepare));
    }
    /// A mask beside the hybrid objective, which a new run may not have.
    void aModelOlderThanARuleGoesOn()
    {
        RunSpec spec = m_spec;
        spec.objective.name = "hybrid";
        spec.model.mask = "strided";
        const auto prepare = [](const RunSpec &) -> Result<void> {
            addPart();
            nn::maskPolicyRegistry().add("strided", [](const ModelSpec &) { return nn::makeCausalMask(0); });
            return {};
        };
        VERIFY_OK(prepare(spec));
        const std::string run = m_run + "-old";
        makeTinyRun(run, spec, {{100, 2.0}});
        VERIFY_OK(exportModelDirectory({.path = run}, run + "-model"));
        const std::atomic<bool> never{false};
        for (const std::string &path : {run, run + "-model"}) {
            const auto loaded = loadGenerator({.path = path}, "cpu", 1, prepare);
            VERIFY_OK(loaded);
            VERIFY_OK((*loaded)->generate({.prompt = "a", .sampling = {.maxTokens = 2}},
                                          [](const GeneratedToken &) { return true; }, never));
        }
        nn::maskPolicyRegistry().remove("strided");
    }
    void whatAPluginRemembersFailsWithItsName_data()
    {
        QTest::addColumn<QString>("bad");
        for (const char *name : {"", "clone", "endText"})
            QTest::addRow("throws in: %s", name) << QString(name);
    }
    /// Not in a pass, but when somebody looks at what was remembered.
    void whatAPluginRemembersFailsWithItsName()
    {
        QFETCH(QString, bad);
        nn::attentionSourceRegistry().add("bad", [&bad](nn::BuildContext &) {
            return guardedPart(
                std::unique_ptr<nn::AttentionSource>(std::make_unique<BadSource>(bad.toStdString())),
                nn::PluginGuard("bad"));
        });
        const std::string run = m_run + "-bad" + bad.toStdString();
        makeTinyRun(run, tinySpec(), {{100, 2.0}});
        const auto generator = loadGenerator({.path = run}, "cpu", 1);
        nn::attentionSourceRegistry().remove("bad");
        VERIFY_OK(generator);
        const std::atomic<bool> never{false};
        VERIFY_OK((*generator)
                      ->generate(
                          {.prompt = "a text", .sampling = {.maxTokens = 2}},
                          [](const GeneratedToken &) { return true; }, never));
        const auto saved = (*generator)->saveMemory(run + "/memory.safetensors");
        if (bad.isEmpty()) {
            VERIFY_OK(saved);
            return;
        }
        VERIFY_ERROR(saved, ErrorCode::Unavailable,
                     ("plugin \"bad\" failed: " + bad + " is out of order").toUtf8().constData());
        QCOMPARE(saved.error().hint, std::string("Ask the plugin's author, or run without it."));
    }
    void aModelWithoutPluginsAsksForNone()
    {
        const std::string run = m_run + "-plain";
        makeTinyRun(run, tinySpec(), {{100, 2.0}});
        VERIFY_OK(exportModelDirectory({.path = run}, run + "-model"));
        const auto config = readFile(run + "-model/config.json", 1 << 20);
        VERIFY_OK(config);
        QVERIFY(config->find("plugins") == std::string::npos);
        const auto refusing = [](const RunSpec &) -> Result<void> {
            return Error{ErrorCode::Internal, "Nobody asked.", ""};
        };
        VERIFY_OK(loadGenerator({.path = run}, "cpu", 1, refusing));
    }
};

QTEST_GUILESS_MAIN(TestPluginModels)
#include "tst_plugin_models.moc"
