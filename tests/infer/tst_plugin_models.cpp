// SPDX-License-Identifier: Apache-2.0
// Models that use plugins: a run and a model directory carry the names and settings, and neither is built
// without them.
#include "tests/base/check_result.h"
#include "tiny_run.h"

#include "core/base/files.h"
#include "core/infer/model_loader.h"
#include "core/nn/masks.h"

#include <ATen/ATen.h>
#include <QTemporaryDir>

using namespace orrery;
using namespace orrery::test;

namespace {

class DoubledInput final : public nn::FeedForward {
public:
    at::Tensor forward(const at::Tensor &x_BTC, const nn::ForwardContext &) override { return x_BTC * 2; }
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
