// SPDX-License-Identifier: Apache-2.0
#include "bench/parity_bench.h"

#include "bench/bench_statistics.h"
#include "bench/parity_files.h"
#include "bench/peer_process.h"
#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/data/example.h"
#include "core/spec/field_table.h"
#include "core/train/training.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <sstream>

namespace orrery::bench {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSteps = 2000, kPairSteps = 100, kSmokeSteps = 60, kSmokePairSteps = 40;
constexpr int kSmokePairs = 2, kComparedLosses = 50;
constexpr double kLossTolerance = 1e-4; ///< absolute, nats
constexpr double kValTolerance = 0.02;  ///< relative
constexpr double kSpeedThreshold = 0.95;

struct SideResult {
    std::vector<double> losses;
    double valLoss = std::nan("");
    double tokensPerSecond = 0; ///< median of the second half of the steps
};

RunSpec paritySpec(int64_t steps, const ParityOptions &options, int64_t threads)
{
    RunSpec spec;
    spec.device = options.device;
    spec.name = "parity";
    spec.model.preset = "gpt2";
    applyPreset(spec, "gpt2");
    spec.model.layers = 4;
    spec.model.width = 128;
    spec.model.heads = 4;
    spec.model.context = 64;
    spec.model.ffnWidth = 0;
    spec.model.dropout = 0;
    spec.data.specialTokens = "none";
    spec.train.steps = steps;
    spec.train.batchSize = 12;
    spec.train.accumulation = 1;
    spec.train.dtype = "fp32";
    spec.train.evalEvery = 1'000'000'000;
    spec.train.evalTokens = 0;
    spec.train.checkpointEvery = 1'000'000'000;
    spec.train.keepLast = 1;
    spec.optimizer.lr = 1e-3;
    spec.optimizer.betas = {0.9, 0.99};
    spec.schedule.preset = "cosine";
    spec.schedule.warmupSteps = 100;
    spec.schedule.minRatio = 0.1;
    spec.schedule.totalSteps = steps;
    spec.probes.every = 0;
    spec.threads = threads;
    return spec;
}

/// What a small model is on a CPU is one of this size on a GPU: enough work for the speed to mean something.
RunSpec gpuSpeedSpec(RunSpec spec, int64_t steps)
{
    spec.model.layers = 12;
    spec.model.width = 768;
    spec.model.heads = 12;
    spec.model.context = 1024;
    spec.train.batchSize = 8;
    spec.train.dtype = "bf16";
    spec.train.steps = spec.schedule.totalSteps = steps;
    return spec;
}

/// A model with all that both sides read of it.
struct Contest {
    RunSpec spec;
    std::shared_ptr<TokenShards> shards;
    ParityFiles files;
};

class LossKeeper : public TrainerObserver {
public:
    void onReport(const StepReport &report) override
    {
        for (const MetricValue &metric : report.values) {
            if (metric.series == series::kLoss) result.losses.push_back(metric.value);
            if (metric.series == series::kValLoss) result.valLoss = metric.value;
            if (metric.series == series::kTokensPerSecond) m_speeds.push_back(metric.value);
        }
    }
    void onEvent(const RunEvent &) override {}
    void onCheckpoint(const CheckpointInfo &) override {}
    void onStatus(const RunStatus &) override {}
    SideResult finish()
    {
        std::vector<double> half(m_speeds.begin() + static_cast<int64_t>(m_speeds.size() / 2),
                                 m_speeds.end());
        if (!half.empty()) result.tokensPerSecond = medianInterval(half).median;
        return result;
    }

private:
    SideResult result;
    std::vector<double> m_speeds;
};

class ParityBench {
public:
    explicit ParityBench(const ParityOptions &options) : m_options(options) {}
    Result<std::string> run();

private:
    Result<void> prepare();
    Result<Contest> makeContest(RunSpec spec, const fs::path &folder) const;
    Result<SideResult> runOrrery(const Contest &contest, const std::string &name, int64_t steps);
    Result<SideResult> runPeerSide(const Contest &contest, int64_t steps, bool evaluates);
    [[nodiscard]] fs::path peerScript() const;
    void tell(const std::string &line) const
    {
        if (m_options.progress) m_options.progress(line);
    }
    [[nodiscard]] int64_t steps() const { return m_options.smoke ? kSmokeSteps : kSteps; }
    [[nodiscard]] int64_t threads() const
    {
        return m_options.threads > 0 ? m_options.threads : cpuInfo().numLogical;
    }

    const ParityOptions &m_options;
    [[nodiscard]] int64_t pairSteps() const { return m_options.smoke ? kSmokePairSteps : kPairSteps; }
    Contest m_losses, m_speed;
};

fs::path ParityBench::peerScript() const
{
    if (!m_options.peerScript.empty()) return m_options.peerScript;
    const fs::path beside = programDir() / "train_peer.py";
    std::error_code error;
    return fs::exists(beside, error) ? beside : orrerySourcesAbove(programDir()) / "bench" / "train_peer.py"; // of a checkout
}

Result<void> ParityBench::prepare()
{
    std::error_code error;
    fs::create_directories(m_options.workDir, error);
    if (error) return ioError("create folder", m_options.workDir, error.value());
    // A Python without torch is found out before minutes of training, not after them.
    ORRERY_TRY(runPeer({m_options.pythonPath, peerScript().string(), "--help"}, m_options.workDir));
    RunSpec spec = paritySpec(steps(), m_options, threads());
    spec.data.path = (m_options.workDir / "text.txt").string();
    ORRERY_TRY(writeParityText(spec.data.path));
    ORRERY_ASSIGN(m_losses, makeContest(spec, m_options.workDir));
    m_speed = m_losses;
    if (m_options.device != "cpu" && !m_options.smoke) {
        ORRERY_ASSIGN(m_speed, makeContest(gpuSpeedSpec(spec, pairSteps()), m_options.workDir / "speed"));
    }
    return {};
}

Result<Contest> ParityBench::makeContest(RunSpec spec, const fs::path &folder) const
{
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return ioError("create folder", folder, error.value());
    ORRERY_ASSIGN(TokenShards shards, prepareData(spec.data, spec.model.context,
                                                  static_cast<uint64_t>(spec.seed), folder / "shards"));
    Contest contest{std::move(spec), std::make_shared<TokenShards>(std::move(shards)), {}};
    ORRERY_ASSIGN(contest.files, writeParityFiles(folder, contest.spec, *contest.shards));
    return contest;
}

Result<SideResult> ParityBench::runOrrery(const Contest &contest, const std::string &name, int64_t steps)
{
    const fs::path folder = m_options.workDir / name;
    std::error_code error;
    fs::remove_all(folder, error);
    FrozenSpec frozen;
    frozen.spec = contest.spec;
    // The runs that are only timed need no whole validation behind them.
    frozen.spec.train.evalTokens = steps == this->steps() ? 0 : contest.spec.model.context;
    frozen.digest = specDigest(contest.spec);
    frozen.id = name;
    frozen.cpuModel = cpuInfo().model;
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::create(folder, frozen));
    LossKeeper keeper;
    TrainingOptions options;
    options.fixedBatches = contest.files.batches.string();
    const TrainingStart start{.totalSteps = steps};
    ORRERY_ASSIGN(const auto trainer,
                  createTrainer(run, RunData::ofShards(*contest.shards), keeper, start, 0, options));
    if (auto outcome = trainer->run(); !outcome) return outcome.error();
    fs::remove_all(folder, error);
    return keeper.finish();
}

Result<double> numberAfter(const std::string &text, const std::string &label)
{
    const size_t at = text.find(label + " ");
    double value = 0;
    if (at != std::string::npos && std::sscanf(text.c_str() + at + label.size(), "%lf", &value) == 1)
        return value;
    return Error{ErrorCode::Unavailable,
                 "Cannot read the peer's answer: it has no \"" + label + "\", expected a number behind it.",
                 "Look at peer.out in the work folder."};
}

Result<SideResult> ParityBench::runPeerSide(const Contest &contest, int64_t steps, bool evaluates)
{
    const RunSpec &spec = contest.spec;
    const fs::path losses = m_options.workDir / "peer_losses.txt";
    std::vector<std::string> arguments = {m_options.pythonPath,
                                          peerScript().string(),
                                          "--layers",
                                          std::to_string(spec.model.layers),
                                          "--d",
                                          std::to_string(spec.model.width),
                                          "--heads",
                                          std::to_string(spec.model.heads),
                                          "--ctx",
                                          std::to_string(spec.model.context),
                                          "--batch",
                                          std::to_string(spec.train.batchSize),
                                          "--steps",
                                          std::to_string(steps),
                                          "--threads",
                                          std::to_string(threads()),
                                          "--data",
                                          contest.files.text.string(),
                                          "--val",
                                          contest.files.validation.string(),
                                          "--init",
                                          contest.files.init.string(),
                                          "--batches",
                                          contest.files.batches.string()};
    arguments.insert(arguments.end(), {"--device", spec.device});
    if (spec.train.dtype == "bf16") arguments.push_back("--bf16");
    if (evaluates) arguments.insert(arguments.end(), {"--losses", losses.string(), "--eval"});
    ORRERY_ASSIGN(const std::string said, runPeer(arguments, m_options.workDir));
    SideResult result;
    ORRERY_ASSIGN(result.tokensPerSecond, numberAfter(said, "tok/s"));
    if (!evaluates) return result;
    ORRERY_ASSIGN(result.valLoss, numberAfter(said, "val_loss"));
    ORRERY_ASSIGN(const std::string text, readFile(losses, 16ull << 20));
    std::istringstream lines(text);
    for (double loss = 0; lines >> loss;) result.losses.push_back(loss);
    return result;
}

Result<std::string> ParityBench::run()
{
    ORRERY_TRY(prepare());
    tell("Training " + std::to_string(steps()) + " steps with Orrery …");
    ORRERY_ASSIGN(const SideResult own, runOrrery(m_losses, "orrery", steps()));
    tell("Training " + std::to_string(steps()) + " steps with the Python peer …");
    ORRERY_ASSIGN(const SideResult peer, runPeerSide(m_losses, steps(), true));
    const size_t numCompared =
        std::min({own.losses.size(), peer.losses.size(), static_cast<size_t>(kComparedLosses)});
    double difference = 0;
    for (size_t i = 0; i < numCompared; ++i)
        difference = std::max(difference, std::abs(own.losses[i] - peer.losses[i]));
    std::vector<double> ratios, ownSpeeds, peerSpeeds;
    const int numPairs = m_options.smoke ? kSmokePairs : m_options.pairs;
    for (int pair = 0; pair < numPairs; ++pair) {
        // Who goes first alternates, so that a drift of the machine's speed favours nobody.
        SideResult first, second;
        const bool isOwnFirst = pair % 2 == 0;
        if (isOwnFirst) {
            ORRERY_ASSIGN(first, runOrrery(m_speed, "orrery-pair", pairSteps()));
        }
        ORRERY_ASSIGN(second, runPeerSide(m_speed, pairSteps(), false));
        if (!isOwnFirst) {
            ORRERY_ASSIGN(first, runOrrery(m_speed, "orrery-pair", pairSteps()));
        }
        ownSpeeds.push_back(first.tokensPerSecond);
        peerSpeeds.push_back(second.tokensPerSecond);
        ratios.push_back(first.tokensPerSecond / second.tokensPerSecond);
        tell("Pair " + std::to_string(pair + 1) + " of " + std::to_string(numPairs) + ": " +
             formatSignificant(first.tokensPerSecond, 4) + " tokens/s against " +
             formatSignificant(second.tokensPerSecond, 4) + ", ratio " + formatSignificant(ratios.back(), 3) +
             ".");
    }
    const MedianInterval speed = medianInterval(ratios);
    const double valDifference = std::abs(own.valLoss / peer.valLoss - 1);
    const bool agreesInLoss =
        numCompared == static_cast<size_t>(kComparedLosses) && difference <= kLossTolerance;
    const bool agreesInVal = valDifference <= kValTolerance;
    const bool isFast = speed.median >= kSpeedThreshold;
    const nlohmann::ordered_json root = {
        {"bench", "parity"},
        {"smoke", m_options.smoke},
        {"cpu", cpuInfo().model},
        {"cpu_flags", cpuInfo().flags()},
        {"threads", threads()},
        {"device", m_options.device},
        {"steps", steps()},
        {"loss",
         {{"compared_steps", numCompared},
          {"largest_difference", difference},
          {"threshold", kLossTolerance},
          {"passed", agreesInLoss}}},
        {"val_loss",
         {{"orrery", own.valLoss},
          {"peer", peer.valLoss},
          {"relative_difference", valDifference},
          {"threshold", kValTolerance},
          {"passed", agreesInVal}}},
        {"speed",
         {{"pairs", ratios.size()},
          {"steps_per_run", pairSteps()},
          {"model",
           std::to_string(m_speed.spec.model.layers) + "x" + std::to_string(m_speed.spec.model.width)},
          {"dtype", m_speed.spec.train.dtype},
          {"orrery_tokens_per_s", medianInterval(ownSpeeds).median},
          {"peer_tokens_per_s", medianInterval(peerSpeeds).median},
          {"median_ratio", speed.median},
          {"interval", {speed.low, speed.high}},
          {"ratios", ratios},
          {"threshold", kSpeedThreshold},
          {"passed", isFast}}},
        {"passed", agreesInLoss && agreesInVal && (m_options.smoke || isFast)}};
    return root.dump();
}

} // namespace

Result<std::string> runParityBench(const ParityOptions &options) { return ParityBench(options).run(); }

} // namespace orrery::bench
