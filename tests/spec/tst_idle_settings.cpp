// SPDX-License-Identifier: Apache-2.0
// Settings that were given and change nothing: what is said of each, and that what counts, or was left at its default, says nothing.
#include "tests/base/check_result.h"

#include "core/spec/field_record.h"
#include "core/spec/idle_settings.h"

using namespace orrery;
using namespace Qt::StringLiterals;

namespace {

PluginInfo memory()
{
    PluginInfo plugin;
    plugin.id = "memory";
    plugin.name = "Memory";
    plugin.version = "1.0.0";
    plugin.apiVersion = 1;
    plugin.state = PluginState::Available;
    plugin.hasEngine = true;
    plugin.provides = {{"ResidualModule", "registers"}, {"ResidualModule", "semantic"}};
    plugin.settings = *pluginFieldsFromText("memory", plugin.name, R"({"settings":[
        {"key":"registers","label":"Registers","type":"integer","default":0,"minimum":0,"maximum":9,"effect":"Carries."},
        {"key":"size","label":"Size","type":"integer","default":0,"minimum":0,"maximum":9,"effect":"Keeps."},
        {"key":"layer","label":"Layer","type":"integer","default":0,"minimum":0,"maximum":9,"effect":"Where."}]})");
    plugin.costs = {{"registers", "registers * width", {}, {}, {}}, {"semantic", "size * width", {}, {}, {}}};
    return plugin;
}

SpecBuilder builderWith(const QString &settings)
{
    SpecBuilder builder(FieldTable::withPlugins({memory()}));
    for (const QString &setting : settings.split(u' ', Qt::SkipEmptyParts))
        if (const auto set = builder.setText(setting.section(u'=', 0, 0).toStdString(), setting.section(u'=', 1).toStdString()); !set)
            qFatal("%s", set.error().text().c_str());
    return builder;
}

} // namespace

class TestIdleSettings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saysWhatHasNoEffect_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("reason");
        QTest::addColumn<QString>("remedy");
        const auto row = [](const char *settings, const char *key, const char *reason, const char *remedy) {
            QTest::newRow(settings) << QString::fromLatin1(settings) << QString::fromLatin1(key) << QString::fromLatin1(reason)
                                    << QString::fromLatin1(remedy);
        };
        row("objective.mix=0,0,1", "objective.mix", "objective.name is next_token, which does not read it", "Set objective.name to hybrid");
        row("objective.span_mean=9", "objective.span_mean", "objective.name is next_token", "Set objective.name to hybrid");
        row("objective.name=hybrid objective.mix=1,1,0 objective.span_mean=9", "objective.span_mean", "for infilling, is 0",
            "Give infilling a weight");
        row("continual.replay_share=0.9", "continual.replay_share", "there are no continual.stages", "Name the texts");
        row("continual.stages=/b continual.replay_share=0.9", "continual.replay_share", "continual.strategy is naive",
            "Set continual.strategy to rehearsal or er or derpp or sparse_memory");
        row("continual.stages=/b continual.strategy=er continual.distill_weight=9", "continual.distill_weight",
            "continual.strategy is er", "Set continual.strategy to rehearsal or derpp");
        row("continual.stages=/b continual.strategy=er continual.ewc_lambda=9", "continual.ewc_lambda", "continual.strategy is er",
            "Set continual.strategy to ewc");
        row("media.patch_size=16", "media.patch_size", "attention.num_modalities is 1, a model of text alone",
            "Set attention.num_modalities to 2 or 3");
        row("attention.z_loss=0.1", "attention.z_loss", "attention.num_modalities is 1", "Set attention.num_modalities");
        row("attention.num_modalities=2 media.audio_tokens=9", "media.audio_tokens", "attention.num_modalities is 2",
            "Set attention.num_modalities to 3");
        row("model.position=learned model.rope_theta=9", "model.rope_theta", "model.position is learned", "Set model.position to rope");
        row("model.rope_high_factor=9", "model.rope_high_factor", "model.rope_factor is 1", "Set model.rope_factor above 1");
        row("schedule.preset=constant schedule.min_ratio=0.9", "schedule.min_ratio", "schedule.preset is constant", "Set schedule.preset");
        row("schedule.preset=cosine schedule.decay=0.9", "schedule.decay", "schedule.preset is cosine", "scaled or portfolio");
        row("plugins.use=memory", "plugins.use", "with \"memory\": all of its parts are off",
            "Set plugins.memory.registers or plugins.memory.size, or leave the plugin out.");
        row("plugins.use=memory plugins.memory.layer=2", "plugins.use", "all of its parts are off", "plugins.memory.size");
    }
    void saysWhatHasNoEffect()
    {
        QFETCH(QString, settings);
        QFETCH(QString, key);
        QFETCH(QString, reason);
        QFETCH(QString, remedy);
        const SpecBuilder builder = builderWith(settings + u" data.path=/text"_s);
        const auto found = findIdleSettings(builder, builder.preview());
        QCOMPARE(found.size(), size_t{1});
        QCOMPARE(qtext(found[0].key), key);
        QVERIFY2(qtext(found[0].error.message).contains(reason), found[0].error.message.c_str());
        QVERIFY2(qtext(found[0].error.hint).contains(remedy), found[0].error.hint.c_str());
        // It is a warning: what carries it is made, and opens.
        VERIFY_OK(builder.build());
        VERIFY_OK(specFromJson(specToJson(*builder.build())));
    }
    void saysNothingOfWhatCounts_data()
    {
        QTest::addColumn<QString>("settings");
        for (const char *settings :
             {"", "objective.name=hybrid objective.mix=1,1,1 objective.span_mean=9", "objective.mix=50,25,25",
              "continual.stages=/b continual.strategy=er continual.replay_share=0.9 continual.buffer_percent=5",
              "continual.stages=/b continual.strategy=ewc continual.ewc_lambda=9",
              "continual.stages=/b continual.strategy=derpp continual.distill_weight=9",
              "attention.num_modalities=3 media.patch_size=16 media.audio_tokens=9 attention.z_loss=0.1",
              "model.rope_theta=9 model.rope_factor=2 model.rope_high_factor=9", "schedule.preset=cosine schedule.min_ratio=0.9",
              "schedule.decay=0.9", "plugins.use=memory plugins.memory.size=4", "media.patch_size=8 continual.replay_share=0.5"})
            QTest::newRow(settings) << QString::fromLatin1(settings);
    }
    void saysNothingOfWhatCounts()
    {
        QFETCH(QString, settings);
        const SpecBuilder builder = builderWith(settings + u" data.path=/text"_s);
        for (const FieldProblem &idle : findIdleSettings(builder, builder.preview())) QFAIL(idle.error.message.c_str());
    }
    /// What a branch takes from its parent was said of the parent.
    void saysNothingOfWhatWasNotGiven()
    {
        const SpecBuilder builder = builderWith(u"objective.mix=0,0,1 media.patch_size=16"_s);
        const auto found = findIdleSettings(builder.preview(), {"media.patch_size"}, builder.table());
        QCOMPARE(found.size(), size_t{1});
        QCOMPARE(qtext(found[0].key), u"media.patch_size"_s);
    }
};

QTEST_GUILESS_MAIN(TestIdleSettings)
#include "tst_idle_settings.moc"
