// SPDX-License-Identifier: Apache-2.0
// Runs on documents with pictures and recordings: they learn, go on to the bit, and refuse what does not fit.
#include "core/data/data_paths.h"
#include "core/data/media/media_files.h"
#include "core/data/multimodal/media_prompts.h"
#include "core/data/world/shapes_export.h"
#include "core/infer/model_loader.h"
#include "core/spec/kept_prompt.h"
#include "core/store/attention_frame_codec.h"
#include "core/train/evaluation.h"
#include "core/train/multimodal_source.h"
#include "core/train/step_runner.h"
#include "tests/base/check_result.h"
#include "tests/train/run_fixture.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

#include <torch/types.h>

#include <algorithm>

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr const char *kWorld = "gen:shapes?n=40&val=12&test=8&size=16&cells=2&max_shapes=3&colors=3&shapes=3";

RunSpec worldRun(const std::string &tasks = "count")
{
    RunSpec spec = smallRun();
    spec.data.specialTokens = "default";
    spec.data.path = std::string(kWorld) + "&tasks=" + tasks;
    spec.model.context = 64;
    spec.model.attention.numModalities = 3;
    spec.model.media.imageSize = 16;
    spec.model.dropout = 0;
    spec.train.evalTokens = 0;
    spec.optimizer.lr = 2e-2;
    spec.schedule.totalSteps = spec.train.steps;
    return spec;
}

/// The world of a spec as files, which the spec names then. @return false in a build without picture files
bool exportWorld(RunSpec &spec, const std::filesystem::path &folder)
{
    const RunData world = must(prepareRunData(spec, {}));
    const auto *shapes = dynamic_cast<const ShapesSource *>(world.multiModal.get());
    if (!shapes) qFatal("not the world of shapes");
    const auto exported = exportShapes(*shapes, folder / "files");
    if (!exported && exported.error().code == ErrorCode::Unavailable) return false;
    must(exported);
    spec.data.path = folder / "files" / "train.jsonl";
    return true;
}

std::filesystem::path firstPictureOf(const std::filesystem::path &manifest)
{
    std::ifstream in(manifest);
    for (std::string line; std::getline(in, line);) {
        const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(line));
        const QJsonArray parts = document.isArray() ? document.array() : document.object()["parts"].toArray();
        for (const QJsonValue &part : parts)
            if (const QString name = part.toObject()["image"].toString(); !name.isEmpty()) return name.toStdString();
    }
    return {};
}

Result<InspectReport> askSaved(const RunDirectory &run, int64_t step, const InspectRequest &request)
{
    ORRERY_ASSIGN(const auto generator, loadGenerator({.path = run.path().string(), .step = step}, "cpu", 0));
    return generator->inspect(request, std::atomic<bool>{false});
}

QString differenceOf(const std::vector<float> &live, const std::vector<float> &saved, const QString &what)
{
    if (live.size() != saved.size()) return QStringLiteral("%1 %2 %3").arg(what).arg(live.size()).arg(saved.size());
    for (size_t i = 0; i < live.size(); ++i)
        if (std::abs(live[i] - saved[i]) > 1e-5F)
            return QStringLiteral("%1 %2: %3 %4").arg(what).arg(i).arg(live[i]).arg(saved[i]);
    return {};
}

std::vector<float> chancesOf(const std::vector<TokenAlternative> &candidates)
{
    std::vector<float> values;
    for (const TokenAlternative &one : candidates) values.push_back(static_cast<float>(one.probability));
    return values;
}

/// What a saved step answers otherwise than the training did; empty: nothing.
QString differenceOf(const InspectReport &live, const InspectReport &saved)
{
    if (live.step != saved.step) return QStringLiteral("step %1 %2").arg(live.step).arg(saved.step);
    const auto isSame = [](const InspectedToken &a, const InspectedToken &b) {
        return a.id == b.id && a.modality == b.modality && a.place == b.place && a.item == b.item;
    };
    if (!std::equal(live.tokens.begin(), live.tokens.end(), saved.tokens.begin(), saved.tokens.end(), isSame))
        return QStringLiteral("tokens");
    if (live.maps.empty() || live.maps.size() != saved.maps.size() || live.flows.size() != saved.flows.size())
        return QStringLiteral("maps");
    QString found = differenceOf(chancesOf(live.candidates), chancesOf(saved.candidates), QStringLiteral("candidate"));
    found += differenceOf(chancesOf(live.changed), chancesOf(saved.changed), QStringLiteral("changed"));
    found += differenceOf(live.attribution, saved.attribution, QStringLiteral("attribution"));
    for (size_t i = 0; i < live.maps.size(); ++i)
        found += differenceOf(live.maps[i].mean, saved.maps[i].mean, QStringLiteral("cell"));
    for (size_t i = 0; i < live.flows.size(); ++i)
        found += differenceOf(live.flows[i].mass, saved.flows[i].mass, QStringLiteral("flow"));
    return found;
}

class WorldFixture {
public:
    explicit WorldFixture(RunSpec given = worldRun()) : spec(std::move(given))
    {
        data = must(prepareRunData(spec, folder() / "shards"));
        newRun("run");
    }
    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }
    void newRun(const std::string &name)
    {
        run = newRunDirectory(folder(), spec, name);
        attempt = -1;
    }
    RunState train(Recorder &recorder, int64_t totalSteps = 0)
    {
        return must(make(recorder, totalSteps)->run());
    }
    std::unique_ptr<Trainer> make(Recorder &recorder, int64_t totalSteps = 0)
    {
        auto start = must(findTrainingStart(*run));
        must(changeTotalSteps(start, *run, totalSteps));
        return must(createTrainer(*run, data, recorder, start, ++attempt, {}));
    }

    RunSpec spec;
    RunData data;
    std::unique_ptr<RunDirectory> run;
    int32_t attempt = -1;

private:
    QTemporaryDir m_folder;
};

/// The losses of a few steps, then the weights.
std::vector<at::Tensor> trainOn(BatchSource &source, const RunSpec &spec)
{
    auto model = must(nn::Transformer::create(spec.model, 272, 1, "cpu"));
    auto optimizer = must(makeOptimizer(model->parameters(), spec.optimizer));
    StepRunner runner(*model, *optimizer, source);
    std::vector<at::Tensor> all;
    for (int64_t step = 0; step < 4; ++step)
        all.push_back(at::scalar_tensor(
            runner.run(step, {.batchSize = 4, .seed = 5, .clip = 1.0, .update = {.learningRate = 1e-2}}).loss,
            at::kDouble));
    for (const nn::Parameter &parameter : model->parameters()) all.push_back(parameter.master.detach());
    return all;
}

double lossOf(WorldFixture &fixture, int64_t batchSize, int64_t accumulation)
{
    fixture.spec.train.batchSize = batchSize;
    fixture.spec.train.accumulation = accumulation;
    fixture.spec.train.steps = 2;
    fixture.newRun("micro" + std::to_string(batchSize));
    Recorder recorder;
    fixture.train(recorder);
    return recorder.series[series::kLoss][2];
}

} // namespace

class TestMultiModalTraining : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void learnsAndShowsWhatItSays_data()
    {
        QTest::addColumn<QString>("dtype");
        QTest::addColumn<bool>("isSeparate");
        QTest::newRow("fp32") << "fp32" << true;
        QTest::newRow("bf16") << "bf16" << true;
        QTest::newRow("shared weights") << "fp32" << false;
    }
    void learnsAndShowsWhatItSays()
    {
        QFETCH(QString, dtype);
        QFETCH(bool, isSeparate);
        RunSpec spec = worldRun("count,both");
        spec.model.media.audioTokens = 16;
        spec.train.dtype = dtype.toStdString();
        spec.model.attention.isSeparate = isSeparate;
        spec.train.steps = spec.schedule.totalSteps = 40;
        spec.train.evalEvery = 10;
        spec.probes.every = 20;
        spec.probes.maxTokens = 8;
        WorldFixture fixture(spec);
        Recorder recorder;
        QVERIFY(fixture.train(recorder) == RunState::Finished);
        auto &losses = recorder.series[series::kLoss];
        QCOMPARE(losses.size(), size_t{40});
        QVERIFY2(losses[40] < 0.75 * losses[1], qPrintable(QString::number(losses[40])));
        auto &validation = recorder.series[series::kValLoss];
        QVERIFY(validation[40] < validation[10]);
        // One for each probe prompt, of a validation document: the picture in, the answer out.
        QCOMPARE(recorder.count(EventKind::Sample), 2 * int(spec.probes.prompts.size()));
        const QString text = QString::fromStdString(recorder.last(EventKind::Sample)->text);
        QVERIFY2(text.startsWith("validation ") && text.contains("[image: 4 patches]"), qPrintable(text));
        QVERIFY2(text.contains("(expected: "), qPrintable(text));
        // What it was about can be looked at.
        const QJsonObject payload =
            QJsonDocument::fromJson(QByteArray::fromStdString(recorder.last(EventKind::Sample)->payload))
                .object();
        const QJsonArray pictures = payload["pictures"].toArray();
        QCOMPARE(pictures.size(), 1);
        const auto image =
            decodeImage(QByteArray::fromBase64(pictures[0].toString().toLatin1()).toStdString(), "sample");
        QVERIFY2(image.ok(), image ? "" : image.error().text().c_str());
        QCOMPARE(image->width, int64_t{16});
        QCOMPARE(payload["recordings"].toArray().size(), qsizetype(text.contains("[audio: ") ? 1 : 0));
    }

    void framesAreOfDocumentsWithPictures()
    {
        RunSpec spec = worldRun();
        spec.probes.framesEvery = 4;
        spec.probes.budgetPercent = 100;
        spec.probes.starred = {"1.0"};
        spec.probes.overviewEvery = 0;
        WorldFixture fixture(spec);
        Recorder framed, plain;
        fixture.train(framed);
        fixture.spec.probes.framesEvery = 0;
        fixture.newRun("plain");
        fixture.train(plain);
        QVERIFY(framed.series[series::kLoss] == plain.series[series::kLoss]);
        // Steps 0, 1, 4, 8 and 12; two documents, each with all heads and with the starred one.
        QCOMPARE(framed.frames.size(), size_t{5 * 2 * 2});
        for (const auto &[info, bytes] : framed.frames) {
            const auto frame = must(unpackFrame(bytes));
            const auto numPatches =
                std::count_if(frame.tokens.begin(), frame.tokens.end(),
                              [](const InspectedToken &token) { return token.modality == Modality::Image; });
            QCOMPARE(numPatches, std::ptrdiff_t{4});
            QCOMPARE(frame.heads.size(), size_t{info.kind == FrameKind::Overview ? 4U : 1U});
            QCOMPARE(frame.flows.size(), frame.heads.size());
            for (const ModalityFlow &flow : frame.flows)
                QVERIFY(!flow.mass.empty() && flow.mass.size() == flow.weights.size());
        }
        QCOMPARE(framed.series["head/1.1/change"].size(), size_t{4});
    }

    /// With the pictures and recordings that the training itself has of them.
    void keptPromptsAreAskedAboutWhileItTrains()
    {
        RunSpec spec = worldRun("count,both");
        spec.model.media.audioTokens = 16;
        spec.probes.framesEvery = 1;
        spec.probes.budgetPercent = 100;
        WorldFixture fixture(spec);
        Recorder recorder, plain;
        auto trainer = fixture.make(recorder);
        std::vector<std::shared_ptr<LiveInspection>> asked;
        recorder.afterReport = [&](int64_t step) {
            if (step != 3 && step != 6 && step != 9) return;
            asked.push_back(std::make_shared<LiveInspection>());
            asked.back()->request.input = keptPrompt(step == 3 ? 0 : step == 6 ? 1 : 2);
            asked.back()->request.wantsAttribution = true;
            asked.back()->request.ablated = {{0, 0}};
            must(trainer->inspect(asked.back()));
        };
        QVERIFY(must(trainer->run()) == RunState::Finished);
        VERIFY_ERROR(asked.at(2)->answer, ErrorCode::NotFound, "expected one of 0, 1.");
        for (int32_t prompt = 0; prompt < 2; ++prompt) {
            const auto &report = asked[static_cast<size_t>(prompt)]->answer;
            VERIFY_OK(report);
            const auto kept =
                std::find_if(recorder.frames.begin(), recorder.frames.end(), [&](const auto &frame) {
                    return frame.first.step == report->step && frame.first.prompt == prompt;
                });
            QVERIFY(kept != recorder.frames.end());
            const auto frame = must(unpackFrame(kept->second));
            QCOMPARE(report->tokens.size(), frame.tokens.size());
            for (size_t t = 0; t < frame.tokens.size(); ++t) {
                QCOMPARE(report->tokens[t].id, frame.tokens[t].id);
                QCOMPARE(report->tokens[t].modality, frame.tokens[t].modality);
                QCOMPARE(report->tokens[t].place, frame.tokens[t].place);
            }
            // The same weights over the same pictures: what was kept is what is answered.
            QCOMPARE(report->flows.size(), frame.flows.size());
            for (size_t head = 0; head < frame.flows.size(); ++head)
                QVERIFY(report->flows[head].mass == frame.flows[head].mass);
            QCOMPARE(report->candidates.at(0).probability, frame.candidates.at(0).probability);
            QCOMPARE(report->attribution.size(), frame.tokens.size());
            QVERIFY(!report->changed.empty());
        }
        fixture.newRun("unasked");
        fixture.train(plain);
        QVERIFY(recorder.series[series::kLoss] == plain.series[series::kLoss]);
    }

    void aSavedStepReadsTheSameDocuments_data()
    {
        QTest::addColumn<bool>("areFiles");
        QTest::newRow("generated") << false;
        QTest::newRow("files") << true;
    }
    /// After the training has ended its kept documents are asked about as they were while it trained.
    void aSavedStepReadsTheSameDocuments()
    {
        QFETCH(bool, areFiles);
        RunSpec spec = worldRun("count,both");
        spec.model.media.audioTokens = 16;
        spec.probes.framesEvery = 4;
        spec.probes.every = 4;
        spec.probes.maxTokens = 4;
        spec.probes.budgetPercent = 100;
        QTemporaryDir folder;
        if (areFiles && !exportWorld(spec, folder.path().toStdString())) QSKIP("built without picture files");
        WorldFixture fixture(spec);
        Recorder recorder;
        auto trainer = fixture.make(recorder);
        std::vector<std::shared_ptr<LiveInspection>> asked;
        recorder.afterReport = [&](int64_t step) {
            if (step != 4 && step != 8) return;
            asked.push_back(std::make_shared<LiveInspection>());
            InspectRequest &request = asked.back()->request;
            request.input = keptPrompt(step == 4 ? 0 : 1);
            if (step == 8) request.input.answerIds = {'2', ' '};
            request.heads = {{0, 0}, {1, 1}};
            request.ablated = {{0, 1}};
            request.wantsLens = request.wantsAttribution = true;
            must(trainer->inspect(asked.back()));
        };
        QVERIFY(must(trainer->run()) == RunState::Finished);
        QCOMPARE(asked.size(), size_t{2});
        for (const auto &question : asked) {
            VERIFY_OK(question->answer);
            const auto saved = askSaved(*fixture.run, question->answer->step, question->request);
            VERIFY_OK(saved);
            QCOMPARE(differenceOf(*question->answer, *saved), QString());
        }
        // Of a sample: the document that it was drawn of, with its answer.
        const RunEvent *event = recorder.last(EventKind::Sample);
        QVERIFY(event && event->step == 12);
        const QJsonObject payload = QJsonDocument::fromJson(QByteArray::fromStdString(event->payload)).object();
        QVERIFY(payload["document"].isDouble() && payload["answer_ids"].isArray());
        InspectRequest sample{.input = keptPrompt(payload["document"].toInt(-1))};
        for (const QJsonValue &id : payload["answer_ids"].toArray())
            sample.input.answerIds.push_back(id.toInt(-1));
        const auto seen = askSaved(*fixture.run, 12, sample);
        VERIFY_OK(seen);
        std::string said;
        for (size_t t = seen->tokens.size() - sample.input.answerIds.size(); t < seen->tokens.size(); ++t)
            said += seen->tokens[t].bytes;
        QCOMPARE(QString::fromStdString(said), payload["text"].toString());
        // And what cannot be looked at says why.
        const InspectRequest far{.input = keptPrompt(5'000)};
        VERIFY_ERROR(askSaved(*fixture.run, 12, far), ErrorCode::NotFound, "has none of that number, expected 0 to 1");
        if (!areFiles) return;
        const std::filesystem::path manifest = fixture.spec.data.path;
        const std::filesystem::path picture = manifest.parent_path() / firstPictureOf(manifest);
        std::filesystem::rename(picture, picture.string() + ".away");
        VERIFY_ERROR(askSaved(*fixture.run, 12, sample), ErrorCode::NotFound, picture.filename().c_str());
        std::filesystem::rename(picture.string() + ".away", picture);
        std::filesystem::rename(manifest, manifest.string() + ".away");
        VERIFY_ERROR(askSaved(*fixture.run, 12, sample), ErrorCode::NotFound, "train.jsonl\", are not there");
        std::filesystem::rename(manifest.string() + ".away", manifest);
        std::ofstream(manifest, std::ios::app) << R"([{"text": "one more"}])" << '\n';
        VERIFY_ERROR(askSaved(*fixture.run, 12, sample), ErrorCode::InvalidInput, "changed since the step was saved");
    }

    void aSavedStepReadsPromptsAndValidationText()
    {
        RunSpec spec = smallRun();
        spec.train.steps = 16; // the last report is too late for a question
        spec.train.keepLast = 4;
        spec.probes.prompts = {"line 1", "line 2 of a text that is longer than the context"};
        spec.probes.framesEvery = 1;
        spec.probes.budgetPercent = 100;
        RunFixture fixture(spec);
        Recorder recorder;
        auto trainer = must(fixture.make(recorder));
        std::vector<std::shared_ptr<LiveInspection>> asked;
        recorder.afterReport = [&](int64_t step) {
            if (step == 1) // a prompt that was added stands behind the validation text
                must(trainer->post({.verb = ControlVerb::Set,
                                    .setting = {"probes.prompts", R"(["line 1","line 2","more"])"}}));
            if (step % 4 != 0 || step > 12) return;
            asked.push_back(std::make_shared<LiveInspection>());
            asked.back()->request.input = keptPrompt(step == 4 ? 1 : step == 8 ? 2 : 3);
            asked.back()->request.heads = {{1, 0}};
            must(trainer->inspect(asked.back()));
        };
        QVERIFY(must(trainer->run()) == RunState::Finished);
        for (const auto &question : asked) {
            VERIFY_OK(question->answer);
            const auto saved = askSaved(*fixture.run, question->answer->step, question->request);
            VERIFY_OK(saved);
            QCOMPARE(differenceOf(*question->answer, *saved), QString());
        }
    }

    /// As tst_frames has it for text: the shape of a new run on the built-in pictures and tones.
    void aThousandOverviewsFitTheirRoom()
    {
        RunSpec spec;
        spec.data.path = "gen:shapes?n=40&val=12&test=8";
        spec.model.attention.numModalities = 3;
        const ProbesSpec probes = spec.probes;
        spec.train.steps = spec.schedule.totalSteps = 1;
        spec.train.batchSize = 1;
        spec.train.evalTokens = 256;
        spec.probes.every = 0;
        spec.probes.budgetPercent = 100;
        WorldFixture fixture(spec);
        Recorder recorder;
        QVERIFY(fixture.train(recorder) == RunState::Finished);
        uint64_t numBytes = 0;
        for (const auto &[info, bytes] : recorder.frames)
            if (info.step == 1) numBytes += bytes.size();
        QVERIFY(numBytes > 0);
        qInfo("a round of overviews takes %llu bytes", static_cast<unsigned long long>(numBytes));
        QVERIFY(1000 * numBytes <= static_cast<uint64_t>(probes.framesMegabytes) * 1'000'000);
    }

    void showsWhatADocumentIsAbout()
    {
        QCOMPARE(base64(""), std::string());
        QCOMPARE(base64("f"), std::string("Zg=="));
        QCOMPARE(base64("fo"), std::string("Zm8="));
        QCOMPARE(base64("foobar"), std::string("Zm9vYmFy"));
        for (int i = 1; i < 50; ++i) {
            const QByteArray bytes(i, char(i * 37));
            QCOMPARE(QByteArray::fromStdString(base64(bytes.toStdString())), bytes.toBase64());
        }
        RunSpec spec = worldRun("both");
        spec.model.media.audioTokens = 16;
        spec.model.media.imageSize = 64;
        spec.model.media.patchSize = 16;
        WorldFixture fixture(spec);
        const auto tokenizer = Tokenizer::create(spec.data);
        const std::vector<MediaPrompt> prompts =
            mediaPrompts(*fixture.data.multiModal, **tokenizer, spec.model, 2);
        QCOMPARE(prompts.size(), size_t{2});
        QCOMPARE(prompts[0].pictures.size(), size_t{1});
        const auto image = decodeImage(
            QByteArray::fromBase64(QByteArray::fromStdString(prompts[0].pictures[0])).toStdString(),
            "sample");
        QVERIFY2(image.ok(), image ? "" : image.error().text().c_str());
        QCOMPARE(image->width, kShownPixels);
        QVERIFY(prompts[0].pictures != prompts[1].pictures);
        QCOMPARE(prompts[0].recordings.size(), size_t{1});
        const std::vector<double> &levels = prompts[0].recordings[0];
        QVERIFY(levels.size() >= 2 * 4 * 5 && levels.size() <= 3 * 4 * 5); // frames of two or three tones
        QVERIFY(*std::max_element(levels.begin(), levels.end()) > 0.6);
        QVERIFY(*std::min_element(levels.begin(), levels.end()) < 0.4); // the pause behind a tone
        // And all bands of these frames: the loudest of each is its loudness, the lowest below.
        QCOMPARE(prompts[0].spectrograms.size(), size_t{1});
        const auto bands = decodeImage(
            QByteArray::fromBase64(QByteArray::fromStdString(prompts[0].spectrograms[0])).toStdString(), "sample");
        QVERIFY2(bands.ok(), bands ? "" : bands.error().text().c_str());
        QCOMPARE(bands->width, std::ssize(levels));
        QCOMPARE(bands->height, int64_t{32});
        for (int64_t frame = 0; frame < bands->width; ++frame) {
            int loudest = 0, row = 0;
            for (int64_t y = 0; y < bands->height; ++y)
                if (const int gray = bands->rgb[size_t(y * bands->width + frame) * 3]; gray > loudest) {
                    loudest = gray;
                    row = int(y);
                }
            QVERIFY(std::abs(loudest / 255.0 - levels[size_t(frame)]) < 0.5 / 15 + 0.006);
            if (levels[size_t(frame)] > 0.6) QVERIFY(row > 8); // tones of the world are below 2 kHz
        }
    }

    void goesOnToTheBit()
    {
        WorldFixture fixture(worldRun("count,both"));
        Recorder whole;
        fixture.train(whole);
        fixture.newRun("cut");
        Recorder first, second;
        fixture.train(first, 5);
        fixture.train(second, 12);
        auto merged = first.series[series::kLoss];
        merged.insert(second.series[series::kLoss].begin(), second.series[series::kLoss].end());
        QCOMPARE(merged.size(), size_t{12});
        QVERIFY(merged == whole.series[series::kLoss]);
        QCOMPARE(second.series[series::kValLoss][12], whole.series[series::kValLoss][12]);
    }

    /// Switched off it draws nothing: what a sampler reads that knows of no such thing.
    void withoutModalityDropoutAllIsShown()
    {
        RunSpec spec = worldRun("count,both");
        spec.model.media.audioTokens = 16;
        WorldFixture fixture(spec);
        const auto train = [&](double dropout) {
            spec.model.attention.modalityDropout = dropout;
            const auto sources = must(makeTrainingSources(spec, fixture.data, nextTokenObjective(), {}, 4));
            return trainOn(*sources.batches, spec);
        };
        MultiModalBatchSource plain(
            must(MultiModalSampler::create(*fixture.data.multiModal, spec.model.context,
                                           static_cast<uint64_t>(spec.seed))),
            spec.model.attention.numModalities);
        const std::vector<at::Tensor> expected = trainOn(plain, spec), off = train(0), on = train(0.3);
        QCOMPARE(off.size(), expected.size());
        for (size_t i = 0; i < expected.size(); ++i) QVERIFY(at::equal(off[i], expected[i]));
        QVERIFY(!at::equal(on.front(), expected.front()));
        QVERIFY(!at::equal(on.back(), expected.back()));
    }

    void microBatchesChangeNothing()
    {
        WorldFixture fixture;
        const double whole = lossOf(fixture, 4, 1);
        const double split = lossOf(fixture, 1, 4);
        QVERIFY2(std::abs(whole - split) < 1e-5, qPrintable(QString::number(whole - split)));
    }

    /// The picture is looked at: without it, the same model does worse than it did in training with it.
    void thePictureCounts()
    {
        RunSpec spec = worldRun();
        WorldFixture fixture(spec);
        auto model = must(nn::Transformer::create(spec.model, 272, 1, "cpu"));
        MultiModalValidationSource source(*fixture.data.multiModal, Split::Validation, 64, 3);
        const double before = evaluateLoss(*model, source, {.batchSize = 4}).value();
        RunSpec hidden = spec;
        hidden.data.path += "&image_snr=-15";
        const RunData noisy = must(prepareRunData(hidden, fixture.folder() / "shards"));
        MultiModalValidationSource other(*noisy.multiModal, Split::Validation, 64, 3);
        QVERIFY(evaluateLoss(*model, other, {.batchSize = 4}) != before);
        // Padding and batches do not count.
        QVERIFY(std::abs(*evaluateLoss(*model, source, {.batchSize = 3}) - before) < 1e-6);
    }

    void trainsOnAManifest()
    {
        RunSpec spec = worldRun("count,both");
        QTemporaryDir folder;
        if (!exportWorld(spec, folder.path().toStdString())) QSKIP("built without picture files");
        WorldFixture fixture(spec);
        Recorder recorder;
        QVERIFY(fixture.train(recorder) == RunState::Finished);
        QVERIFY(recorder.series[series::kValLoss].size() > 1);
    }

    void refusesWhatDoesNotFit_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<int>("modalities");
        QTest::addColumn<QString>("text");
        const QString world = kWorld;
        QTest::newRow("pictures for a model of text")
            << world << 1 << "it has pictures or recordings, and attention.num_modalities is 1, expected 2";
        QTest::newRow("text for a model of pictures")
            << "text.txt" << 2 << "it is text, and attention.num_modalities is 2, expected a manifest";
        QTest::newRow("a picture alone")
            << "a.png" << 2 << "it is a picture (PNG), expected text, JSONL, or a manifest that names it";
        QTest::newRow("recordings for a model of pictures")
            << world + "&tasks=tones" << 2
            << "it has recordings, and attention.num_modalities is 2, expected 3";
        QTest::newRow("a recording beyond the model")
            << "gen:shapes?n=40&min_shapes=4&tasks=tones" << 3
            << "its longest recording has 20 tokens, and media.audio_tokens is 16, expected at least as "
               "many. "
               "Set media.audio_tokens to 20.";
        QTest::newRow("an unknown setting") << world + "&n_train=5" << 3 << "n_train";
    }
    void refusesWhatDoesNotFit()
    {
        QFETCH(QString, path);
        QFETCH(int, modalities);
        QFETCH(QString, text);
        QTemporaryDir folder;
        const std::string base = folder.path().toStdString() + "/";
        std::ofstream(base + "text.txt") << "a text\n";
        std::ofstream(base + "a.png") << std::string("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16);
        RunSpec spec = worldRun();
        spec.model.media.audioTokens = 16;
        spec.data.path = path.startsWith("gen:") ? path.toStdString() : base + path.toStdString();
        spec.model.attention.numModalities = modalities;
        VERIFY_ERROR(prepareRunData(spec, base), ErrorCode::InvalidInput, text.toUtf8().constData());
    }

    /// A run whose data went away: another number of modalities would be no remedy.
    void tellsDataThatAreGone()
    {
        QTemporaryDir folder;
        const std::string base = folder.path().toStdString() + "/";
        RunSpec spec = worldRun();
        for (const int64_t count : {1, 3}) {
            spec.model.attention.numModalities = count;
            spec.data.path = base + "gone.jsonl";
            const auto gone = prepareRunData(spec, base);
            VERIFY_ERROR(gone, ErrorCode::NotFound, "gone.jsonl\": there is no such file or folder");
            QCOMPARE(gone.error().hint,
                     std::string("Put it back, or branch the run from a checkpoint with another data.path."));
        }
        spec.model.attention.numModalities = 1;
        std::ofstream(base + "text.txt") << "a text\n";
        spec.data.path = base + "text.txt";
        spec.continual.stages = {base + "second.txt"};
        const auto gone = prepareRunData(spec, base);
        VERIFY_ERROR(gone, ErrorCode::NotFound, "second.txt\": there is no such file or folder");
        QCOMPARE(gone.error().hint, std::string("Put it back, or start a new run."));
    }

    void fixedBatchesAreOfText()
    {
        WorldFixture fixture;
        VERIFY_ERROR(makeTrainingSources(fixture.spec, fixture.data, nextTokenObjective(), "batches.bin", 1),
                     ErrorCode::InvalidInput, "fixed batches are of text");
    }
};

QTEST_GUILESS_MAIN(TestMultiModalTraining)
#include "tst_multimodal_training.moc"
