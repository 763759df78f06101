// SPDX-License-Identifier: Apache-2.0
#include "tests/base/check_result.h"

#include "core/spec/field_table.h"

using namespace orrery;

namespace {

RunSpec specWith(const QString &settings)
{
    SpecBuilder builder;
    (void)builder.setText("data.path", "/text");
    for (const QString &setting : settings.split(' ', Qt::SkipEmptyParts)) {
        const QStringList parts = setting.split('=');
        const auto result = builder.setText(parts[0].toStdString(), parts[1].toStdString());
        if (!result.ok()) qFatal("%s", result.error().message.c_str());
    }
    return builder.preview();
}

} // namespace

class TestSpecRules : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void refusesContradictions_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("text");
        QTest::newRow("heads do not divide") << "model.heads=5"
                                             << "model.heads"
                                             << "5 heads for a width of 128";
        QTest::newRow("nearest heads") << "model.heads=5"
                                       << "model.heads"
                                       << "Set model.heads to 4.";
        QTest::newRow("odd head width under rope") << "model.width=12 model.heads=4"
                                                   << "model.heads"
                                                   << "4 heads of width 3, expected an even head width";
        QTest::newRow("odd width under rope") << "model.width=15 model.heads=3"
                                              << "model.heads"
                                              << "Set model.width to an even number.";
        QTest::newRow("odd width of a head under rope") << "model.head_dim=7"
                                                        << "model.head_dim"
                                                        << "found 7, expected an even number";
        QTest::newRow("shared keys do not divide") << "model.heads=8 model.kv_heads=3"
                                                   << "model.kv_heads"
                                                   << "3 heads of keys and values for 8 of queries";
        QTest::newRow("nearest shared keys") << "model.heads=8 model.kv_heads=5"
                                             << "model.kv_heads"
                                             << "Set model.kv_heads to 4.";
        QTest::newRow("shared keys of several modalities") << "attention.num_modalities=2 model.kv_heads=2"
                                                           << "model.kv_heads"
                                                           << "2 beside attention.num_modalities 2";
        QTest::newRow("width of a head of several modalities") << "attention.num_modalities=2 model.head_dim=16"
                                                               << "model.head_dim"
                                                               << "or attention.separate to false";
        QTest::newRow("factors of rope in the wrong order")
            << "model.rope_factor=8 model.rope_low_factor=4 model.rope_high_factor=4"
            << "model.rope_high_factor"
            << "found 4, expected more than model.rope_low_factor 4";
        QTest::newRow("warm-up as long as the run") << "train.steps=100 schedule.warmup_steps=100"
                                                    << "schedule.warmup_steps"
                                                    << "100 steps of warm-up in a run of 100";
        QTest::newRow("warm-up against the frozen horizon")
            << "train.steps=500 schedule.total_steps=100 schedule.warmup_steps=100"
            << "schedule.warmup_steps"
            << "in a run of 100";
        QTest::newRow("empty cycle") << "schedule.cycle_steps=0"
                                     << "schedule.cycle_steps"
                                     << "expected -1 or at least 1";
        QTest::newRow("cycle of a cosine") << "schedule.preset=cosine schedule.cycle_steps=10"
                                           << "schedule.cycle_steps"
                                           << "with the schedule \"cosine\"";
        QTest::newRow("cycle longer than the run") << "train.steps=100 schedule.cycle_steps=99"
                                                   << "schedule.cycle_steps"
                                                   << "99 steps after 2 of warm-up in a run of 100";
        QTest::newRow("vocabulary below the tokenizer's") << "data.vocab_size=256"
                                                          << "data.vocab_size"
                                                          << "at least the tokenizer's 272";
        QTest::newRow("evaluation below one context") << "train.eval_tokens=127"
                                                      << "train.eval_tokens"
                                                      << "less than one context of 128";
        const QString hybrid = "objective.name=hybrid ";
        QTest::newRow("mix of nothing") << "objective.mix=0,0,0"
                                        << "objective.mix"
                                        << "found weights of 0 only, expected one above 0. For example: "
                                           "objective.mix = 50, 25, 25";
        QTest::newRow("holes without special tokens")
            << hybrid + "data.special_tokens=none"
            << "data.special_tokens"
            << "found none beside a weight of 25 for infilling in objective.mix, expected default";
        QTest::newRow("holes without special tokens, remedy")
            << hybrid + "data.special_tokens=none"
            << "data.special_tokens"
            << "Set data.special_tokens to default; or set the third weight of objective.mix to 0";
        QTest::newRow("no room for a hole") << hybrid + "model.context=3"
                                            << "model.context"
                                            << "found 3 tokens beside a weight of 25";
        QTest::newRow("hole beyond the context")
            << hybrid + "objective.span_mean=64"
            << "objective.span_mean"
            << "found 64 tokens in a context of 128, expected at most 63";
        const QString pictures = "attention.num_modalities=2 ";
        const QString recordings = "attention.num_modalities=3 ";
        QTest::newRow("pictures for a model of text")
            << "data.path=gen:shapes?n attention.num_modalities=1"
            << "attention.num_modalities"
            << "found 1 beside data of pictures and recordings, \"gen:shapes\", expected 2 (pictures) or 3";
        QTest::newRow("a later stage of pictures")
            << "continual.stages=gen:shapes"
            << "continual.stages"
            << "found \"gen:shapes\", which has pictures and recordings, expected texts";
        QTest::newRow("pictures and holes")
            << pictures + hybrid << "objective.name"
            << "found hybrid beside attention.num_modalities 2, expected next_token";
        QTest::newRow("pictures without special tokens")
            << pictures + "data.special_tokens=none"
            << "data.special_tokens"
            << "found none beside attention.num_modalities 2, expected default";
        QTest::newRow("a horizon of fewer steps than stages")
            << "continual.stages=a train.steps=6 schedule.total_steps=1 schedule.warmup_steps=0"
            << "schedule.total_steps"
            << "found 1 step that 2 stages share, expected one step a stage at least. Set "
               "schedule.total_steps "
               "to 0";
        QTest::newRow("pictures in stages")
            << pictures + "continual.stages=a"
            << "continual.stages"
            << "found 1 further data beside attention.num_modalities 2, expected none";
        QTest::newRow("patches that do not fill the picture")
            << pictures + "media.patch_size=7"
            << "media.patch_size"
            << "found 7 pixels in pictures of 32, expected a number that divides media.image_size. Set "
               "media.patch_size to 8.";
        QTest::newRow("the divisor is one that the front end cuts")
            << pictures + "media.image_size=130 media.patch_size=64" // 65 would be nearer
            << "media.patch_size"
            << "found 64 pixels in pictures of 130, expected a number that divides media.image_size. Set "
               "media.patch_size to 26.";
        QTest::newRow("more patches than the front end cuts")
            << pictures + "media.image_size=130 media.patch_size=2"
            << "media.patch_size"
            << "found 2 pixels in pictures of 130, 65 patches a side, expected at most 64 a side";
        QTest::newRow("picture beyond the context")
            << pictures + "media.image_size=88"
            << "model.context"
            << "found 128 tokens for pictures of 121 patches, expected at least 138";
        QTest::newRow("recording beyond the context")
            << recordings + "media.audio_tokens=112"
            << "model.context"
            << "found 128 tokens for recordings of 112, expected at least 129";
    }
    void refusesContradictions()
    {
        QFETCH(QString, settings);
        QFETCH(QString, key);
        QFETCH(QString, text);
        const RunSpec spec = specWith(settings);
        const auto problems = findProblems(spec);
        QCOMPARE(problems.size(), size_t{1});
        QCOMPARE(qtext(problems[0].key), key);
        QVERIFY2(qtext(problems[0].error.text()).contains(text), problems[0].error.text().c_str());
        QVERIFY(problems[0].error.code == ErrorCode::InvalidInput);
        VERIFY_ERROR(validateSpec(spec), ErrorCode::InvalidInput, text.toUtf8().constData());
        VERIFY_ERROR(specFromJson(specToJson(spec)), ErrorCode::InvalidInput, text.toUtf8().constData());
    }
    void refusesPartsThatNobodyWouldUse_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::addColumn<QString>("block");
        QTest::addColumn<QString>("mask");
        QTest::addColumn<QString>("key"); // empty: good
        QTest::addColumn<QString>("text");
        QTest::newRow("a mask beside a hybrid objective")
            << "objective.name=hybrid"
            << "reference"
            << "strided"
            << "model.mask"
            << "found strided beside objective.name hybrid, expected causal, as the hybrid objective has a mask";
        QTest::newRow("a block beside modalities with weights of their own")
            << "attention.num_modalities=2"
            << "wide"
            << "causal"
            << "model.block"
            << "found wide beside attention.num_modalities 2, expected reference, as modalities with weights";
        QTest::newRow("a block beside shared weights") << "attention.num_modalities=2 attention.separate=false"
                                                       << "wide"
                                                       << "causal" << "" << "";
        QTest::newRow("patience with stages")
            << "continual.stages=a train.patience=3"
            << "reference"
            << "causal"
            << "train.patience"
            << "found 3 evaluations beside continual.stages, expected 0, as each text has other losses. Set "
               "train.patience to 0";
        QTest::newRow("a strategy without stages")
            << "continual.strategy=er"
            << "reference"
            << "causal"
            << "continual.strategy"
            << "found er without continual.stages, expected naive where there is one text, as nothing comes "
               "before it that could be forgotten. Name the texts that come next in continual.stages, or set "
               "continual.strategy to naive.";
        QTest::newRow("a stage that is never reached")
            << "continual.stages=a train.steps=50 schedule.total_steps=100"
            << "reference"
            << "causal"
            << "schedule.total_steps"
            << "found 100 steps that 2 stages share in a run of 50, so that the last begins with step 50, "
               "expected a stage that begins before the run ends. Set schedule.total_steps to 0";
        QTest::newRow("a stage that is reached")
            << "continual.stages=a train.steps=51 schedule.total_steps=100"
            << "reference"
            << "causal"
            << ""
            << "";
        QTest::newRow("both in a plain model") << ""
                                               << "wide"
                                               << "strided" << "" << "";
    }
    void refusesPartsThatNobodyWouldUse()
    {
        QFETCH(QString, settings);
        QFETCH(QString, block);
        QFETCH(QString, mask);
        QFETCH(QString, key);
        QFETCH(QString, text);
        RunSpec spec = specWith(settings);
        spec.model.block = block.toStdString();
        spec.model.mask = mask.toStdString();
        spec.plugins.use = {"parts@1.0.0"}; // describes itself: its plugin has both
        const auto problems = findProblems(spec);
        QCOMPARE(problems.size(), size_t(key.isEmpty() ? 0 : 1));
        // These rules are younger than runs that break them: such a run opens all the same.
        VERIFY_OK(specFromJson(specToJson(spec)));
        if (key.isEmpty()) return;
        QCOMPARE(qtext(problems[0].key), key);
        QVERIFY2(qtext(problems[0].error.text()).contains(text), problems[0].error.text().c_str());
        QVERIFY(problems[0].error.code == ErrorCode::InvalidInput);
    }
    void sparseMemoryNeedsASemanticOne_data()
    {
        QTest::addColumn<bool>("hasPlugin");
        QTest::addColumn<int>("size"); // -1: the plugin has no such setting
        QTest::addColumn<bool>("isGood");
        QTest::newRow("no plugin") << false << -1 << false;
        QTest::newRow("switched off") << true << 0 << false;
        QTest::newRow("switched on") << true << 4096 << true;
        QTest::newRow("a plugin that we do not know") << true << -1 << true;
    }
    void sparseMemoryNeedsASemanticOne()
    {
        QFETCH(bool, hasPlugin);
        QFETCH(int, size);
        QFETCH(bool, isGood);
        RunSpec spec = specWith("continual.stages=a continual.strategy=sparse_memory");
        if (hasPlugin) spec.plugins.use = {"memory@1.0.0"};
        if (size >= 0) spec.plugins.settings["plugins.memory.semantic_size"] = int64_t(size);
        const auto problems = findProblems(spec);
        QCOMPARE(problems.size(), size_t(isGood ? 0 : 1));
        VERIFY_OK(specFromJson(specToJson(spec))); // what is not known here opens all the same
        if (isGood) return;
        QCOMPARE(qtext(problems[0].key), QString("continual.strategy"));
        VERIFY_ERROR(validateSpec(spec), ErrorCode::InvalidInput, "beside a model without a semantic memory");
        spec.continual.strategy = "er";
        VERIFY_OK(validateSpec(spec));
    }
    void allowsTheirNeighbours_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::newRow("defaults") << "";
        QTest::newRow("odd head width, learned positions")
            << "model.width=12 model.heads=4 model.position=learned";
        QTest::newRow("longest warm-up") << "train.steps=100 schedule.warmup_steps=99";
        QTest::newRow("one step") << "train.steps=1";
        QTest::newRow("one step, cosine") << "train.steps=1 schedule.preset=cosine";
        QTest::newRow("no warm-up") << "schedule.warmup_steps=0";
        QTest::newRow("cycle of the whole rest") << "train.steps=100 schedule.cycle_steps=98";
        QTest::newRow("portfolio, cut short")
            << "train.steps=100 schedule.preset=portfolio schedule.cycle_steps=5000";
        QTest::newRow("padded vocabulary") << "data.vocab_size=320";
        QTest::newRow("bytes alone") << "data.vocab_size=256 data.special_tokens=none";
        QTest::newRow("evaluate everything") << "train.eval_tokens=0";
        QTest::newRow("one window") << "train.eval_tokens=128";
        QTest::newRow("hybrid") << "objective.name=hybrid";
        QTest::newRow("pictures") << "data.path=gen:shapes attention.num_modalities=2";
        QTest::newRow("recordings") << "data.path=gen:shapes attention.num_modalities=3";
        QTest::newRow("longest recordings") << "attention.num_modalities=3 media.audio_tokens=111";
        QTest::newRow("recordings nobody hears") << "attention.num_modalities=2 media.audio_tokens=9999";
        QTest::newRow("largest picture") << "attention.num_modalities=2 media.image_size=80";
        QTest::newRow("media settings of a model of text") << "media.patch_size=7";
        QTest::newRow("shortest context for holes") << "objective.name=hybrid model.context=4";
        QTest::newRow("longest holes") << "objective.name=hybrid objective.span_mean=63";
        QTest::newRow("prefixes without special tokens")
            << "objective.name=hybrid objective.mix=1,1,0 data.special_tokens=none";
        QTest::newRow("bytes alone under next_token") << "data.special_tokens=none objective.mix=1,1,1";
        QTest::newRow("holes of no meaning") << "objective.span_mean=5000";
    }
    void allowsTheirNeighbours()
    {
        QFETCH(QString, settings);
        VERIFY_OK(validateSpec(specWith(settings)));
    }
    void namesEachBadFieldOnceAndNoFollowUps()
    {
        RunSpec spec = specWith("");
        spec.model.heads = 0; // would divide by zero in the rules between fields
        spec.model.width = 0;
        spec.train.steps = 0;
        spec.optimizer.lr = -1;
        spec.optimizer.betas = {};
        spec.schedule.warmupSteps = -2;
        spec.data.path.clear();
        QStringList keys;
        for (const FieldProblem &problem : findProblems(spec)) keys << qtext(problem.key);
        QCOMPARE(keys.join(' '), QString("model.width model.heads train.steps optimizer.lr optimizer.betas "
                                         "schedule.warmup_steps data.path"));
    }
    void aSpecMayBeReadBeforeItsTextIsChosen()
    {
        RunSpec spec = specWith("");
        spec.data.path.clear();
        VERIFY_OK(specFromJson(specToJson(spec)));
        VERIFY_ERROR(validateSpec(spec), ErrorCode::InvalidInput, "Choose the data to train on");
    }
};

QTEST_GUILESS_MAIN(TestSpecRules)
#include "tst_spec_rules.moc"
