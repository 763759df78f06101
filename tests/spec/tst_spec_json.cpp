// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"

#include "core/base/files.h"
#include "core/spec/field_table.h"

using namespace orrery;

namespace {

Result<std::string> readFixture(const std::string &name)
{
    return readFile(std::string(ORRERY_TEST_DATA) + "/spec/" + name, 1 << 20);
}

} // namespace

class TestSpecJson : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void writesTheStoredFormOfVersion8()
    {
        const auto stored = readFixture("defaults-v8.json");
        VERIFY_OK(stored);
        QCOMPARE(qtext(specToJson(RunSpec{})) + "\n", qtext(*stored));
        VERIFY_OK(specFromJson(*stored));
    }
    void readsBackWhatAVersion1RunStored()
    {
        const auto stored = readFixture("run-v1.json");
        VERIFY_OK(stored);
        const auto spec = specFromJson(*stored);
        VERIFY_OK(spec);
        QCOMPARE(spec->model.layers, int64_t{3});
        QCOMPARE(spec->optimizer.betas, (std::vector<double>{0.9, 0.99}));
        QCOMPARE(spec->probes.prompts, (std::vector<std::string>{"ä\n", "\"q\""}));
        QCOMPARE(spec->schedule.totalSteps, int64_t{500});
        QCOMPARE(spec->objective.name, std::string("next_token")); // what version 1 always did
        QCOMPARE(qtext(specToJson(*specFromJson(specToJson(*spec)))), qtext(specToJson(*spec)));
    }
    // A checkpoint of an older program belongs to its run for as long as the digest stays.
    void digestsOfVersion1Stay_data()
    {
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("digest");
        QTest::newRow("defaults") << "defaults-v1.json"
                                  << "681929660dc67b7a826ce38936ebbbbcc1b23c84bd5e724f8ac5cbac6027958a";
        QTest::newRow("defaults of version 2")
            << "defaults-v2.json"
            << "681929660dc67b7a826ce38936ebbbbcc1b23c84bd5e724f8ac5cbac6027958a";
        QTest::newRow("defaults of version 3")
            << "defaults-v3.json"
            << "681929660dc67b7a826ce38936ebbbbcc1b23c84bd5e724f8ac5cbac6027958a";
        QTest::newRow("defaults of version 4")
            << "defaults-v4.json"
            << "327c41ef27e96e7e7cf21e753ecc37339675415da87a1d1c1b74d96986da7bc1";
        QTest::newRow("defaults of version 5")
            << "defaults-v5.json"
            << "327c41ef27e96e7e7cf21e753ecc37339675415da87a1d1c1b74d96986da7bc1";
        QTest::newRow("defaults of version 6")
            << "defaults-v6.json"
            << "327c41ef27e96e7e7cf21e753ecc37339675415da87a1d1c1b74d96986da7bc1";
        QTest::newRow("defaults of version 7")
            << "defaults-v7.json"
            << "327c41ef27e96e7e7cf21e753ecc37339675415da87a1d1c1b74d96986da7bc1";
        QTest::newRow("run") << "run-v1.json"
                             << "c09ee8de74d17a60c7322c14a8517830ce0c1050d92cc1df54366b26ad7c6b98";
    }
    // Up to version 3 dropout also acted on the attention's probabilities.
    void keepsTheAttentionDropoutOfOlderRuns()
    {
        const auto read = [](const std::string &json) { return specFromJson(json)->model.attentionDropout; };
        QCOMPARE(read(R"({"spec_version":3,"model":{"dropout":0.25}})"), 0.25);
        QCOMPARE(read(R"({"spec_version":1,"model.dropout":0.25})"), 0.25);
        QCOMPARE(read(R"({"spec_version":4,"model":{"dropout":0.25}})"), 0.0);
        QCOMPARE(read(R"({"model":{"dropout":0.25}})"), 0.0); // written by hand
        QCOMPARE(read(R"({"spec_version":3,"model":{"dropout":0.25,"attention_dropout":0.5}})"), 0.5);
        QCOMPARE(specFromJson(*readFixture("defaults-v3.json"))->model.attentionDropout, 0.1);
    }
    // Up to version 6 all heads were kept as often as the starred ones.
    void keepsTheRhythmOfOlderRuns()
    {
        const auto read = [](const std::string &json) { return specFromJson(json)->probes.overviewEvery; };
        QCOMPARE(read(R"({"spec_version":5,"seed":1})"), int64_t{0});
        QCOMPARE(read(R"({"spec_version":6,"probes":{"starred":["0.1"]}})"), int64_t{0});
        QCOMPARE(read(R"({"spec_version":6,"probes":{"overview_every":7}})"), int64_t{7});
        QCOMPARE(read(R"({"spec_version":7,"seed":1})"), int64_t{-1});
        QCOMPARE(read(R"({"seed":1})"), int64_t{-1}); // written by hand
        QCOMPARE(specFromJson(*readFixture("defaults-v6.json"))->probes.overviewEvery, int64_t{0});
    }
    // Up to version 7 patches went through a linear layer alone, and runs with pictures keep their digests.
    void keepsThePicturesOfOlderRuns()
    {
        const auto read = [](const std::string &json) { return specFromJson(json)->model.media.imageStem; };
        QCOMPARE(read(R"({"spec_version":7,"attention":{"num_modalities":2}})"), std::string("linear"));
        QCOMPARE(read(R"({"spec_version":8,"attention":{"num_modalities":2}})"), std::string("conv"));
        QCOMPARE(read(R"({"attention":{"num_modalities":2}})"), std::string("conv")); // written by hand
        QCOMPARE(specFromJson(*readFixture("defaults-v7.json"))->model.media.imageStem, std::string("linear"));
        RunSpec pictures;
        pictures.model.attention.numModalities = 2;
        pictures.model.media.imageStem = "linear";
        QCOMPARE(specDigest(pictures), std::string("0f74bf35fc1c7dc9f5d2d366e019a88faf9ed1be60efc550886d923e3c0749aa"));
        const std::string before = specDigest(pictures);
        pictures.model.media.imageStem = "conv";
        QVERIFY(specDigest(pictures) != before);
    }
    // The table once had patches that no front end cuts: a model of text could have them, as it reads none.
    void opensTextRunsWithPatchesThatNothingCuts()
    {
        const auto spec = [](const std::string &rest) { return specFromJson("{" + rest + "}"); };
        const auto older =
            spec(R"("spec_version":8,"attention":{"num_modalities":1},"media":{"patch_size":128})");
        VERIFY_OK(older);
        QCOMPARE(older->model.media.patchSize, MediaSpec{}.patchSize);
        QCOMPARE(specDigest(*older), specDigest(RunSpec{}));
        QCOMPARE(spec(R"("spec_version":8,"media":{"patch_size":64})")->model.media.patchSize, int64_t{64});
        // Never trained, never there, or written by hand.
        for (const char *refused :
             {R"("spec_version":8,"attention":{"num_modalities":2},"media":{"patch_size":128})",
              R"("spec_version":8,"media":{"patch_size":257})", R"("media":{"patch_size":65})",
              R"("spec_version":8,"attention":{"num_modalities":"1"},"media":{"patch_size":128})"})
            VERIFY_ERROR(spec(refused), ErrorCode::InvalidInput, "");
    }
    void overviewsAreRarerWhereHeadsAreStarred()
    {
        ProbesSpec probes;
        probes.framesEvery = 10;
        QCOMPARE(probes.overviewInterval(), int64_t{10}); // no head is: all are kept as often
        probes.starred = {"0.1"};
        QCOMPARE(probes.overviewInterval(), int64_t{50});
        probes.overviewEvery = 0;
        QCOMPARE(probes.overviewInterval(), int64_t{10});
        probes.overviewEvery = 30;
        QCOMPARE(probes.overviewInterval(), int64_t{30});
        probes.framesEvery = 0;
        for (const int64_t every : {-1, 0, 30}) {
            probes.overviewEvery = every;
            QCOMPARE(probes.overviewInterval(), int64_t{0});
        }
    }
    void digestsOfVersion1Stay()
    {
        QFETCH(QString, file);
        QFETCH(QString, digest);
        const auto spec = specFromJson(*readFixture(file.toStdString()));
        VERIFY_OK(spec);
        QCOMPARE(qtext(specDigest(*spec)), digest);
        RunSpec other = *spec; // of no meaning without hybrid
        other.objective.mix = {1, 2, 3};
        other.objective.spanMean = 4;
        QCOMPARE(qtext(specDigest(other)), digest);
    }
    void missingKeysKeepThePresetsDefaults()
    {
        const auto spec = specFromJson(R"({"model":{"preset":"small"},"train.steps":10})");
        VERIFY_OK(spec);
        QCOMPARE(spec->model.width, int64_t{384});
        QCOMPARE(spec->train.batchSize, int64_t{8});
        QCOMPARE(spec->train.steps, int64_t{10});
        VERIFY_OK(specFromJson("{}"));
        VERIFY_OK(specFromJson(R"({"spec_version":1,"seed":5.0,"optimizer":{"clip":1}})"));
    }
    void oneLineWhenAsked() { QVERIFY(specToJson(RunSpec{}, -1).find('\n') == std::string::npos); }

    void refusesBadDocuments_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::addColumn<QString>("text");
        const auto row = [](const char *name, const QByteArray &json, const char *text) {
            QTest::newRow(name) << json << QString::fromUtf8(text);
        };
        row("empty", "", "broken JSON");
        row("blank", " \n", "broken JSON");
        row("cut off", R"({"seed":1)", "broken JSON");
        row("two documents", "{}{}", "broken JSON");
        row("comment", "{} // x", "broken JSON");
        row("trailing comma", R"({"seed":1,})", "line 1, column 11");
        row("line of the error", "{\n\"seed\": x}", "line 2");
        row("broken UTF-8", "{\"name\":\"\xff\"}", "broken JSON");
        row("number overflow", R"({"optimizer.lr":1e999})", "broken JSON");
        row("not a number", R"({"optimizer.lr":NaN})", "broken JSON");
        row("array", "[]", "type array, expected an object");
        row("text", "\"x\"", "type string, expected an object");
        row("null", "null", "type null, expected an object");
        row("unknown key", R"({"model":{"layer":4}})", "Did you mean \"model.layers\"?");
        row("unknown dotted key", R"({"model.layer":4})", "Did you mean \"model.layers\"?");
        row("unknown key at the top", R"({"sed":4})", "Did you mean \"seed\"?");
        row("key without its group", R"({"lr":4})", "Did you mean \"optimizer.lr\"?");
        row("unknown group", R"({"modle":{"layers":4}})", "Did you mean \"model\"?");
        row("group as number", R"({"model":4})", "found 4, expected an object of settings");
        row("object as number", R"({"seed":{"x":1}})", "found an object, expected a whole number");
        row("text for a number", R"({"seed":"7"})", "found \"7\", expected a whole number");
        row("fraction for a whole number", R"({"model":{"layers":4.5}})",
            "found 4.5, expected a whole number");
        row("boolean for a number", R"({"seed":true})", "found true, expected a whole number");
        row("null for a number", R"({"seed":null})", "found null");
        row("number for a boolean", R"({"model":{"tied":1}})", "found 1, expected true or false");
        row("number for a text", R"({"name":1})", "found 1");
        row("text for a list", R"({"optimizer":{"betas":"0.9"}})", "expected 2 numbers");
        row("mixed list", R"({"optimizer":{"betas":[0.9,"x"]}})", "found [0.9,\"x\"]");
        row("short list", R"({"optimizer":{"betas":[0.9]}})", "found 1 numbers");
        row("numbers as prompts", R"({"probes":{"prompts":[1]}})", "expected a list of texts");
        row("out of range", R"({"model":{"layers":0}})", "found 0, expected 1 … 256");
        row("unknown choice", R"({"device":"gpu"})", "found \"gpu\", expected one of cpu, cuda");
        row("above 64 bits", R"({"seed":18446744073709551615})", "found 18446744073709551615");
        row("below 64 bits", R"({"seed":-9223372036854775809})", "expected");
        row("duplicate", R"({"seed":1,"seed":2})", "\"seed\" stands there twice");
        row("duplicate in a group", R"({"model":{"layers":1,"layers":2}})", "\"layers\" stands there twice");
        row("duplicate group", R"({"model":{"layers":1},"model":{"heads":2}})",
            "\"model\" stands there twice");
        row("duplicate, dotted and nested", R"({"model":{"layers":1},"model.layers":1})",
            "twice, dotted and nested");
        row("newer version", R"({"spec_version":9,"new_key":1})",
            "it has version 9, this program knows up to 8. Update");
        row("huge version", R"({"spec_version":18446744073709551615})", "Update Orrery");
        row("version as text", R"({"spec_version":"1"})", "its version is \"1\", expected a whole number");
        row("version 0", R"({"spec_version":0})", "its version is 0");
        row("version in a group", R"({"model":{"spec_version":1}})", "unknown key");
        row("deep", QByteArray(100'000, '['), "broken JSON");
        row("deep and closed", QByteArray(50'000, '[') + QByteArray(50'000, ']'), "more than 8 deep");
        row("deep in a key", R"({"probes":{"prompts":[[[[[[[[[[1]]]]]]]]]]}})", "more than 8 deep");
        row("too large", QByteArray(1'048'577, ' '), "1048577 bytes, expected at most 1048576");
    }
    void refusesBadDocuments()
    {
        QFETCH(QByteArray, json);
        QFETCH(QString, text);
        const auto spec = specFromJson(json.toStdString());
        VERIFY_ERROR(spec, ErrorCode::InvalidInput, text.toUtf8().constData());
        QVERIFY(spec.error().message.starts_with("Cannot "));
        QVERIFY(!spec.error().hint.empty());
    }

    void digestFollowsTheNumbersAlone_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<bool>("changes");
        for (const char *other :
             {"name=x", "train.steps=3000", "train.report_every=7", "train.eval_every=7",
              "train.checkpoint_every=7", "train.keep_last=7", "train.keep_best=false", "probes.prompts=x",
              "probes.every=7", "probes.max_tokens=7", "probes.budget_percent=7", "probes.frames_every=7",
              "probes.overview_every=7",
              "probes.starred=0.0", "probes.frames_megabytes=7", "model.ffn_width=384"}) {
            const QStringList parts = QString(other).split('=');
            QTest::newRow(other) << parts[0] << parts[1] << false;
        }
        for (const char *deciding :
             {"model.layers=3", "model.dropout=0", "model.attention_dropout=0.2", "data.path=/other", "data.special_tokens=none",
              "train.batch_size=3", "train.accumulation=3", "train.dtype=bf16", "train.eval_tokens=0",
              "objective.name=hybrid", "optimizer.lr=0.1", "optimizer.betas=0.9,0.9",
              "schedule.preset=cosine", "schedule.total_steps=5000", "schedule.min_ratio=0.2", "device=cuda",
              "threads=3", "seed=3"}) {
            const QStringList parts = QString(deciding).split('=');
            QTest::newRow(deciding) << parts[0] << parts[1] << true;
        }
    }
    void digestFollowsTheNumbersAlone()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(bool, changes);
        RunSpec spec;
        spec.data.path = "/text";
        spec.schedule.totalSteps = 2000; // as in a frozen run
        RunSpec other = spec;
        const Field &field = *findField(key.toStdString());
        field.set(other, *parseFieldValue(field, value.toStdString()));
        QCOMPARE(specDigest(other) != specDigest(spec), changes);
        QCOMPARE(specDigest(spec).size(), size_t{64});
    }
    void digestCountsModulesThatAreOn()
    {
        const RunSpec plain;
        const std::string digest = specDigest(plain);
        RunSpec text = plain; // settings of modules that are off
        text.model.attention.modalityDropout = 0.5;
        text.model.media.patchSize = 4;
        text.continual.strategy = "er";
        QCOMPARE(specDigest(text), digest);
        RunSpec windowed = plain, masked = plain, pictures = plain, staged = plain;
        windowed.model.window = 16;
        masked.model.mask = "strided";
        pictures.model.attention.numModalities = 2;
        staged.continual.stages = {"/b"};
        for (const RunSpec &spec : {windowed, masked, pictures, staged}) QVERIFY(specDigest(spec) != digest);
        RunSpec others = pictures;
        others.model.media.patchSize = 4;
        QVERIFY(specDigest(others) != specDigest(pictures));
        others = staged;
        others.continual.strategy = "er";
        QVERIFY(specDigest(others) != specDigest(staged));
    }
    void digestOfAHybridRunFollowsTheShares()
    {
        RunSpec spec;
        spec.objective.name = "hybrid";
        const std::string digest = specDigest(spec);
        RunSpec other = spec;
        other.objective.mix = {2, 1, 1};
        other.objective.spanMean = 32; // a quarter of 128
        QVERIFY(specDigest(other) == digest);
        other.objective.spanMean = 31;
        QVERIFY(specDigest(other) != digest);
        other = spec;
        other.objective.mix = {1, 1, 1};
        QVERIFY(specDigest(other) != digest);
    }
    void digestStaysWhenASpecIsFrozen()
    {
        RunSpec spec;
        RunSpec frozen = spec;
        frozen.schedule.totalSteps = frozen.train.steps;
        frozen.model.preset = "small"; // the name alone says nothing once every value is there
        QVERIFY(specDigest(spec) == specDigest(frozen));
        QVERIFY(specDigest(*specFromJson(specToJson(frozen))) == specDigest(frozen));
    }
};

QTEST_GUILESS_MAIN(TestSpecJson)
#include "tst_spec_json.moc"
