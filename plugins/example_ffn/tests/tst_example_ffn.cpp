// SPDX-License-Identifier: Apache-2.0
// What a plugin's engine half is tested for, without a window: it loads, it computes what it says, its
// gradient is right, its settings count, and it leaves nothing behind.
#include "tests/base/check_result.h"

#include "core/nn/extension_points.h"
#include "core/nn/plugin_loader.h"

#include <torch/types.h>

using namespace orrery;

class TestExampleFfn : public QObject {
    Q_OBJECT

    PluginCatalogue m_catalogue = PluginCatalogue::scan({{ORRERY_PLUGIN_DIR, DirectoryNeed::Named}});

    static RunSpec specWith(double scale)
    {
        RunSpec spec;
        spec.model.layers = 2;
        spec.model.width = 16;
        spec.model.heads = 2;
        spec.model.context = 12;
        spec.model.dropout = 0;
        spec.model.ffn = "relu_squared";
        spec.plugins.use = {"example_ffn"};
        spec.plugins.settings["plugins.example_ffn.scale"] = scale;
        return spec;
    }
    static std::unique_ptr<nn::Transformer> build(const RunSpec &spec)
    {
        auto model = nn::Transformer::create(spec.model, 23, 7, "cpu");
        if (!model) qFatal("%s", model.error().text().c_str());
        return std::move(model).value();
    }
    static at::Tensor ids() { return (at::arange(24, at::kLong) * 7 % 23).view({2, 12}); }

private Q_SLOTS:
    void isAvailable()
    {
        const PluginRecord *record = m_catalogue.find("example_ffn");
        QVERIFY(record);
        QVERIFY2(record->info.isUsable(), record->info.reason.c_str());
    }
    void computesSquaredRelu()
    {
        nn::EnginePlugins plugins;
        const RunSpec spec = specWith(0.5);
        VERIFY_OK(plugins.load(m_catalogue, spec));
        nn::ParameterStore parameters(7, at::kCPU);
        nn::SharedTables tables;
        nn::BuildContext build{spec.model, 0, "", parameters, tables};
        const auto ffn = (*nn::feedForwardRegistry().find("relu_squared"))(build);
        const at::Tensor x_BTC = at::sin(at::arange(64, at::kFloat)).view({1, 4, 16}) * 3;
        const at::Tensor up = at::linear(x_BTC, parameters.parameters()[0].master);
        const at::Tensor expected = at::linear(0.5 * at::relu(up).pow(2), parameters.parameters()[1].master);
        QVERIFY(at::allclose(ffn->forward(x_BTC, nn::ForwardContext{}), expected, 1e-5, 1e-7));
        QVERIFY(expected.abs().max().item<double>() > 1e-4);
    }
    void gradientIsRight()
    {
        nn::EnginePlugins plugins;
        const RunSpec spec = specWith(1);
        VERIFY_OK(plugins.load(m_catalogue, spec));
        const auto model = build(spec);
        nn::ForwardContext context;
        context.isTraining = true;
        context.dtype = at::kDouble;
        const auto loss = [&] { return model->loss(ids(), at::roll(ids(), 1), {}, context); };
        loss().backward();
        nn::Parameter *up = nullptr;
        for (nn::Parameter &parameter : model->parameters())
            if (parameter.name == "blocks.1.ffn.up.weight") up = &parameter;
        QVERIFY(up);
        for (const int64_t at : {0, 77, 500}) {
            const double step = 1e-3;
            const auto lossWith = [&](double change) {
                const at::NoGradGuard noGrad;
                up->master.view(-1)[at] += change;
                model->mastersChanged();
                const double value = loss().item<double>();
                up->master.view(-1)[at] -= change;
                model->mastersChanged();
                return value;
            };
            const double numeric = (lossWith(step) - lossWith(-step)) / (2 * step);
            QVERIFY2(std::abs(numeric - up->master.grad().view(-1)[at].item<double>()) <
                         1e-6 + 1e-3 * std::abs(numeric),
                     qPrintable(QString::number(numeric)));
        }
    }
    void settingsCount()
    {
        nn::EnginePlugins plugins;
        VERIFY_OK(plugins.load(m_catalogue, specWith(1)));
        const at::Tensor one = build(specWith(1))->logits(ids(), {});
        VERIFY_OK(plugins.load(m_catalogue, specWith(50)));
        QVERIFY(!at::allclose(build(specWith(50))->logits(ids(), {}), one));
        VERIFY_OK(plugins.load(m_catalogue, specWith(1)));
        QVERIFY(at::equal(build(specWith(1))->logits(ids(), {}), one));
    }
    void leavesNothingBehind()
    {
        {
            nn::EnginePlugins plugins;
            VERIFY_OK(plugins.load(m_catalogue, specWith(1)));
            QVERIFY(nn::feedForwardRegistry().find("relu_squared"));
        }
        QVERIFY(!nn::feedForwardRegistry().find("relu_squared"));
        VERIFY_ERROR(nn::Transformer::create(specWith(1).model, 23, 7, "cpu"), ErrorCode::InvalidInput,
                     "relu_squared");
    }
};

QTEST_GUILESS_MAIN(TestExampleFfn)
#include "tst_example_ffn.moc"
