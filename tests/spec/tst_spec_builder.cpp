// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"

#include "core/spec/field_table.h"

#include <QProcess>

using namespace orrery;

class TestSpecBuilder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void explicitKeysWinInAnyOrder()
    {
        SpecBuilder before;
        VERIFY_OK(before.setText("model.layers", "2"));
        VERIFY_OK(before.setText("model.preset", "gpt2"));
        SpecBuilder after;
        VERIFY_OK(after.setText("model.preset", "gpt2"));
        VERIFY_OK(after.setText("model.layers", "2"));
        QCOMPARE(qtext(specToJson(before.preview())), qtext(specToJson(after.preview())));
        const RunSpec spec = before.preview();
        QCOMPARE(spec.model.layers, int64_t{2});
        QCOMPARE(spec.model.width, int64_t{768});
        QVERIFY(spec.model.norm == "layernorm");
        before.reset("model.layers");
        QVERIFY(!before.isExplicit("model.layers"));
        QCOMPARE(before.preview().model.layers, int64_t{12});
    }
    void presetsLeaveNothingOfEachOther()
    {
        for (const std::string &name : presetNames()) {
            RunSpec direct;
            applyPreset(direct, name);
            RunSpec overGpt2;
            applyPreset(overGpt2, "gpt2");
            applyPreset(overGpt2, name);
            QCOMPARE(qtext(specToJson(overGpt2)), qtext(specToJson(direct)));
            direct.data.path = "/text";
            VERIFY_OK(validateSpec(direct));
        }
    }
    void presetsHaveTheirPublishedShapes_data()
    {
        QTest::addColumn<QString>("preset");
        QTest::addColumn<QString>("shape");
        QTest::newRow("tiny") << "tiny"
                              << "4 128 4 128 swiglu rmsnorm rope qk tied | 16 x 1";
        QTest::newRow("small") << "small"
                               << "6 384 6 256 swiglu rmsnorm rope qk tied | 8 x 1";
        QTest::newRow("gpt2") << "gpt2"
                              << "12 768 12 1024 gelu layernorm learned - tied | 4 x 8";
    }
    void presetsHaveTheirPublishedShapes()
    {
        QFETCH(QString, preset);
        RunSpec spec;
        applyPreset(spec, preset.toStdString());
        const ModelSpec &m = spec.model;
        QVERIFY(!m.bias);
        const QStringList kinds = {qtext(m.ffn), qtext(m.norm), qtext(m.position), m.qkNorm ? "qk" : "-",
                                   m.tied ? "tied" : "-"};
        const QString numbers =
            QString("%1 %2 %3 %4 ").arg(m.layers).arg(m.width).arg(m.heads).arg(m.context);
        const QString batch = QString(" | %1 x %2").arg(spec.train.batchSize).arg(spec.train.accumulation);
        QTEST(numbers + kinds.join(' ') + batch, "shape");
    }
    void defaultsAreThePresetTiny()
    {
        RunSpec tiny;
        applyPreset(tiny, "tiny");
        QCOMPARE(qtext(specToJson(tiny)), qtext(specToJson(RunSpec{})));
        QCOMPARE(qtext(specToJson(SpecBuilder().preview())), qtext(specToJson(RunSpec{})));
    }
    void unknownPresetsChangeNothing()
    {
        RunSpec spec;
        applyPreset(spec, "nano");
        QCOMPARE(qtext(specToJson(spec)), qtext(specToJson(RunSpec{})));
        SpecBuilder builder;
        VERIFY_ERROR(builder.setText("model.preset", "nano"), ErrorCode::InvalidInput,
                     "one of tiny, small, gpt2");
    }
    void buildNeedsAText()
    {
        SpecBuilder builder;
        VERIFY_ERROR(builder.build(), ErrorCode::InvalidInput, "data.path");
        VERIFY_OK(builder.setText("data.path", "/text"));
        VERIFY_OK(builder.build());
    }
    void valuesAreCheckedAndWidened()
    {
        SpecBuilder builder;
        VERIFY_OK(builder.setValue("optimizer.clip", int64_t{2}));
        QCOMPARE(builder.preview().optimizer.clip, 2.0);
        VERIFY_ERROR(builder.setValue("optimizer.clip", std::string("2")), ErrorCode::InvalidInput,
                     "optimizer.clip");
        VERIFY_ERROR(builder.setValue("train.steps", 2.5), ErrorCode::InvalidInput, "train.steps");
        VERIFY_ERROR(builder.setValue("steps", int64_t{5}), ErrorCode::InvalidInput, "\"train.steps\"");
        QCOMPARE(builder.values().size(), size_t{1});
    }
    void refusedJsonLeavesNothingBehind()
    {
        SpecBuilder builder;
        VERIFY_ERROR(builder.setJson(R"({"model":{"layers":2},"seed":-1})"), ErrorCode::InvalidInput, "seed");
        QVERIFY(builder.values().empty());
    }
    void jsonMergesOverEarlierValues()
    {
        SpecBuilder builder;
        VERIFY_OK(builder.setText("seed", "1"));
        VERIFY_OK(builder.setJson(R"({"model":{"layers":2},"model.heads":8,"seed":3})"));
        VERIFY_OK(builder.setText("model.layers", "3"));
        QCOMPARE(builder.preview().model.layers, int64_t{3});
        QCOMPARE(builder.preview().model.heads, int64_t{8});
        QCOMPARE(builder.preview().seed, int64_t{3});
    }

    void theBuiltInWorldNeedsNoOtherSetting_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<int>("modalities");
        QTest::newRow("text") << "/text" << 1;
        QTest::newRow("by its name alone") << "/gen:shapes" << 1;
        QTest::newRow("all tasks") << "gen:shapes" << 3;
        QTest::newRow("other settings") << "gen:shapes?n=100&size=32" << 3;
        QTest::newRow("pictures only") << "gen:shapes?tasks=caption,count&n=100" << 2;
        QTest::newRow("tones") << "gen:shapes?n=100&tasks=tones" << 3;
        QTest::newRow("both") << "gen:shapes?tasks=count,both&seed=3" << 3;
    }
    void theBuiltInWorldNeedsNoOtherSetting()
    {
        QFETCH(QString, path);
        QFETCH(int, modalities);
        SpecBuilder builder;
        VERIFY_OK(builder.setText("data.path", path.toStdString()));
        const auto spec = builder.build();
        VERIFY_OK(spec);
        QCOMPARE(spec->model.attention.numModalities, int64_t{modalities});
        QVERIFY(!builder.isExplicit("attention.num_modalities"));
        QVERIFY(spec->model.media.audioTokens >= 20); // four tones
        // A preset changes nothing about it, a word of the user does.
        VERIFY_OK(builder.setText("model.preset", "small"));
        QCOMPARE(builder.preview().model.attention.numModalities, int64_t{modalities});
        VERIFY_OK(builder.setText("attention.num_modalities", "2"));
        QCOMPARE(builder.preview().model.attention.numModalities, int64_t{2});
    }

    void commandsSayWhatDiffers()
    {
        SpecBuilder builder;
        QCOMPARE(qtext(specToCommand(builder)), QString("orrery-engine train"));
        VERIFY_OK(builder.setText("data.path", "/usr/include/c++"));
        VERIFY_OK(builder.setText("model.preset", "small"));
        VERIFY_OK(builder.setText("model.layers", "6")); // what the preset says anyway
        VERIFY_OK(builder.setText("train.steps", "500"));
        QCOMPARE(qtext(specToCommand(builder)), QString("orrery-engine train --data /usr/include/c++ --set "
                                                        "model.preset=small --set train.steps=500"));
    }
    void commandsKeepAPresetThatOthersOverride()
    {
        SpecBuilder builder;
        VERIFY_OK(builder.setText("model.preset", "tiny"));
        VERIFY_OK(builder.setText("train.batch_size", "16"));
        QCOMPARE(qtext(specToCommand(builder)), QString("orrery-engine train"));
        VERIFY_OK(builder.setText("model.preset", "gpt2"));
        QCOMPARE(qtext(specToCommand(builder)),
                 QString("orrery-engine train --set model.preset=gpt2 --set train.batch_size=16"));
    }
    // The command is given to a real shell, which must hand over the very same words.
    void commandsSurviveTheShell()
    {
        const std::string path = "/a b/it's $HOME `x` \"q\" \\ ä*";
        SpecBuilder builder;
        VERIFY_OK(builder.setText("data.path", path));
        VERIFY_OK(builder.setText("probes.prompts", "[\"it's\\n$x\",\"b\"]"));
        VERIFY_OK(builder.setText("optimizer.betas", "0.9,0.99"));
        std::string script = specToCommand(builder);
        script.replace(0, std::string("orrery-engine").size(), "printf '%s\\n'");
        QProcess shell;
        shell.start("/bin/sh", {"-c", qtext(script)});
        QVERIFY(shell.waitForFinished(60'000));
        QCOMPARE(QString::fromUtf8(shell.readAllStandardOutput()),
                 "train\n--data\n" + qtext(path) +
                     "\n--set\noptimizer.betas=0.9, 0.99\n--set\nprobes.prompts=[\"it's\\n$x\",\"b\"]\n");
    }
    void commandsDoNotTakeAPathForAnOption()
    {
        SpecBuilder builder;
        VERIFY_OK(builder.setText("data.path", "-x"));
        QCOMPARE(qtext(specToCommand(builder)), QString("orrery-engine train --data=-x"));
    }
};

QTEST_GUILESS_MAIN(TestSpecBuilder)
#include "tst_spec_builder.moc"
