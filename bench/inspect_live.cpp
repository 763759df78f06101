// SPDX-License-Identifier: Apache-2.0
#include "bench/inspect_live.h"

#include "bench/parity_files.h"
#include "bench/scratch_folder.h"
#include "core/base/files.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include "core/spec/field_table.h"
#include "core/train/training.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace orrery::bench {
namespace {

namespace fs = std::filesystem;

constexpr double kAllowedMs = 150; ///< beyond a step
constexpr double kPatienceSeconds = 600;
constexpr int64_t kNever = 1'000'000'000;
constexpr int kSmokeRequests = 4;
constexpr int kHeads = 4;
constexpr double kLeastPerSecondOnGpu = 2;

RunSpec liveSpec(const LiveOptions &options)
{
    RunSpec spec; // probes, samples and frames as in any new run
    spec.name = "live";
    const bool isOnGpu = options.device != "cpu";
    spec.device = options.device;
    spec.model.layers = options.smoke ? 2 : isOnGpu ? 12 : 6;
    spec.model.width = options.smoke ? 64 : isOnGpu ? 768 : 384;
    spec.model.heads = options.smoke ? 4 : isOnGpu ? 12 : 6;
    spec.model.context = isOnGpu && !options.smoke ? 1024 : 256;
    if (isOnGpu) spec.train.dtype = "bf16";
    spec.data.specialTokens = "none";
    spec.train.batchSize = options.smoke ? 2 : 8;
    spec.train.steps = 100'000; // it is stopped
    spec.train.evalEvery = spec.train.checkpointEvery = kNever;
    spec.train.keepBest = false;
    spec.train.keepLast = 1;
    spec.schedule.totalSteps = spec.train.steps;
    spec.threads = options.threads;
    return spec;
}

double percentile(std::vector<double> values, double share)
{
    if (values.empty()) return std::nan("");
    std::sort(values.begin(), values.end());
    const double place = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

/// What the training tells, for the thread that asks. Times are monotonic seconds.
class Boundaries final : public TrainerObserver {
public:
    explicit Boundaries(int64_t tokensPerStep) : m_tokensPerStep(tokensPerStep) {}
    void onReport(const StepReport &report) override
    {
        const std::lock_guard lock(m_mutex);
        m_newest = monotonicSeconds();
        m_ends.push_back(m_newest);
        for (const MetricValue &metric : report.values) {
            if (metric.series == series::kTokensPerSecond && metric.value > 0)
                m_stepMs.push_back(1e3 * static_cast<double>(m_tokensPerStep) / metric.value);
            if (metric.series == series::kViewerPercent) { // of the time since the one before
                if (m_figuresFrom > 0)
                    m_viewerSeconds += metric.value / 100 * (m_newest - m_figuresAt);
                else
                    m_figuresFrom = m_newest; // that of the start, which has the first frames and all that warms up
                m_figuresAt = m_newest;
            }
        }
    }
    void onEvent(const RunEvent &) override {}
    void onCheckpoint(const CheckpointInfo &) override {}
    void onStatus(const RunStatus &) override {}

    [[nodiscard]] std::vector<double> stepMs() const
    {
        const std::lock_guard lock(m_mutex);
        return m_stepMs;
    }
    /// The first end of a step at or behind this time; it has come.
    [[nodiscard]] double endBehind(double time) const
    {
        const std::lock_guard lock(m_mutex);
        const auto found = std::lower_bound(m_ends.begin(), m_ends.end(), time);
        return found == m_ends.end() ? time : *found;
    }
    /// Whether a share of the time was told yet: what comes from now on is in one of them.
    [[nodiscard]] bool hasFigures() const
    {
        const std::lock_guard lock(m_mutex);
        return m_figuresFrom > 0;
    }
    /// Of the time between the first figure and the newest.
    [[nodiscard]] double viewerPercent() const
    {
        const std::lock_guard lock(m_mutex);
        return m_figuresAt <= m_figuresFrom ? 0 : 100 * m_viewerSeconds / (m_figuresAt - m_figuresFrom);
    }

private:
    mutable std::mutex m_mutex;
    const int64_t m_tokensPerStep;
    std::vector<double> m_ends, m_stepMs;
    double m_newest = 0, m_figuresFrom = 0, m_figuresAt = 0, m_viewerSeconds = 0;
};

/// Asks as often as the budget allows, at any time within a step.
class Asker {
public:
    Asker(const LiveOptions &options, Trainer &trainer, Boundaries &boundaries, const RunSpec &spec,
          std::string prompt)
        : m_options(options), m_trainer(trainer), m_boundaries(boundaries), m_spec(spec),
          m_prompt(std::move(prompt))
    {
    }
    Result<void> run()
    {
        const int wanted = m_options.smoke ? kSmokeRequests : m_options.requests;
        // The first steps are slower.
        while (m_boundaries.stepMs().size() < 3 || !m_boundaries.hasFigures()) ORRERY_TRY(rest(0.05));
        // The first look makes what the others find: memory, kernels. It is told by itself, and its rest is over
        // before the rate begins; the share of time that looking took has it.
        ORRERY_TRY(askAndRest());
        firstComputeMs = computeMs.front();
        answerMs.clear(), boundaryMs.clear(), computeMs.clear();
        const double begin = monotonicSeconds();
        while (std::ssize(answerMs) < wanted) {
            ORRERY_TRY(askAndRest());
            if (m_options.progress)
                m_options.progress("request " + std::to_string(answerMs.size()) + " of " +
                                   std::to_string(wanted) + ": " + formatSignificant(answerMs.back(), 3) +
                                   " ms, a step takes " +
                                   formatSignificant(percentile(m_boundaries.stepMs(), 0.5), 3) + " ms");
        }
        perSecond = wanted / (monotonicSeconds() - begin);
        return {};
    }

    std::vector<double> answerMs, boundaryMs, computeMs;
    double firstComputeMs = 0;
    double perSecond = 0;              ///< answers, with the rests that the budget asks for
    std::atomic<bool> hasEnded{false}; ///< the training, for whatever reason

private:
    [[nodiscard]] bool isCancelled() const { return m_options.cancel && *m_options.cancel; }
    static Error cancelled()
    {
        return Error{ErrorCode::Cancelled, "Cannot finish measuring: it was cancelled.", ""};
    }
    Result<void> rest(double seconds)
    {
        const double until = monotonicSeconds() + seconds;
        while (monotonicSeconds() < until) {
            if (isCancelled()) return cancelled();
            if (hasEnded)
                return Error{ErrorCode::Unavailable, "Cannot finish measuring: the training has ended.", ""};
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return {};
    }
    Result<void> askAndRest()
    {
        ORRERY_TRY(ask());
        const double step = percentile(m_boundaries.stepMs(), 0.5) / 1e3;
        // What an answer says that it took is what the budget paid for it: the next one is allowed then.
        const double earned = computeMs.back() / 1e3 / (m_spec.probes.budgetPercent / 100);
        return rest(earned + std::uniform_real_distribution<double>(0, step)(m_random));
    }
    Result<void> ask()
    {
        const auto asked = std::make_shared<LiveInspection>();
        asked->request.input.prompt = m_prompt;
        asked->request.wantsOverview = m_options.wantsOverview;
        for (int64_t head = 0; head < (m_options.wantsOverview ? 0 : kHeads); ++head)
            asked->request.heads.push_back({m_spec.model.layers / 2, head});
        const double begin = monotonicSeconds();
        ORRERY_TRY(m_trainer.inspect(asked));
        while (!asked->isAnswered.load(std::memory_order_acquire)) {
            if (isCancelled() || monotonicSeconds() - begin > kPatienceSeconds) asked->isCancelled = true;
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
        const double end = monotonicSeconds();
        if (isCancelled()) return cancelled();
        if (!asked->answer) return asked->answer.error();
        answerMs.push_back(1e3 * (end - begin));
        boundaryMs.push_back(1e3 * (end - m_boundaries.endBehind(begin)));
        computeMs.push_back(1e3 * asked->answer->seconds);
        return {};
    }

    const LiveOptions &m_options;
    Trainer &m_trainer;
    Boundaries &m_boundaries;
    const RunSpec &m_spec;
    std::string m_prompt;
    std::mt19937 m_random{7};
};

} // namespace

Result<LiveResult> runLiveBench(const LiveOptions &options)
{
    std::error_code failed;
    const ScratchFolder scratch(options.workDir / "live");
    fs::create_directories(scratch.path(), failed);
    if (failed) return ioError("create folder", scratch.path(), failed.value());
    RunSpec spec = liveSpec(options);
    spec.data.path = (scratch.path() / "text.txt").string();
    ORRERY_TRY(writeParityText(spec.data.path));
    ORRERY_ASSIGN(RunData data, prepareRunData(spec, scratch.path() / "shards"));
    FrozenSpec frozen;
    frozen.spec = spec;
    frozen.digest = specDigest(spec);
    frozen.id = "live";
    ORRERY_ASSIGN(const RunDirectory run, RunDirectory::create(scratch.path() / "run", frozen));
    ORRERY_ASSIGN(const std::string text, readFile(spec.data.path, uint64_t{16} << 20));
    const std::string prompt = text.substr(text.size() / 2, static_cast<size_t>(spec.model.context));

    Boundaries boundaries(spec.train.batchSize * spec.model.context);
    ORRERY_ASSIGN(const auto trainer, createTrainer(run, data, boundaries, {}, 0, {}));
    Asker asker(options, *trainer, boundaries, spec, prompt);
    Result<void> asked;
    std::thread viewer([&] {
        asked = asker.run();
        (void)trainer->post({.verb = ControlVerb::Stop});
    });
    const Result<RunState> trained = trainer->run();
    asker.hasEnded = true;
    viewer.join();
    if (!trained) return trained.error();
    ORRERY_TRY(asked);

    double load = 0;
    (void)::getloadavg(&load, 1);
    const std::vector<double> steps = boundaries.stepMs();
    LiveResult result{.device = spec.device,
                      .layers = spec.model.layers,
                      .width = spec.model.width,
                      .heads = spec.model.heads,
                      .batch = spec.train.batchSize,
                      .context = spec.model.context,
                      .threads = spec.threads,
                      .isOverview = options.wantsOverview,
                      .numRequests = static_cast<int>(asker.answerMs.size()),
                      .numSteps = trainer->status().step,
                      .stepP50 = percentile(steps, 0.5),
                      .stepP95 = percentile(steps, 0.95),
                      .answerP50 = percentile(asker.answerMs, 0.5),
                      .answerP95 = percentile(asker.answerMs, 0.95),
                      .boundaryP50 = percentile(asker.boundaryMs, 0.5),
                      .boundaryP95 = percentile(asker.boundaryMs, 0.95),
                      .computeP50 = percentile(asker.computeMs, 0.5),
                      .firstCompute = asker.firstComputeMs,
                      .viewerPercent = boundaries.viewerPercent(),
                      .budgetPercent = spec.probes.budgetPercent,
                      .load = load,
                      .limit = 0,
                      .perSecond = asker.perSecond,
                      .leastPerSecond = spec.device == "cpu" ? 0 : kLeastPerSecondOnGpu};
    result.limit = result.stepP50 + kAllowedMs;
    return result;
}

std::string liveJson(const LiveResult &result)
{
    const nlohmann::ordered_json json = {
        {"model", std::to_string(result.layers) + "x" + std::to_string(result.width)},
        {"batch", std::to_string(result.batch) + "x" + std::to_string(result.context)},
        {"heads", result.heads},
        {"device", result.device},
        {"threads", result.threads},
        {"asked", result.isOverview ? "all heads" : "four heads"},
        {"requests", result.numRequests},
        {"steps", result.numSteps},
        {"step_ms_p50", result.stepP50},
        {"step_ms_p95", result.stepP95},
        {"answer_ms_p50", result.answerP50},
        {"answer_ms_p95", result.answerP95},
        {"answer_ms_limit", result.limit},
        {"behind_boundary_ms_p50", result.boundaryP50},
        {"behind_boundary_ms_p95", result.boundaryP95},
        {"compute_ms_p50", result.computeP50},
        {"viewer_percent", result.viewerPercent},
        {"budget_percent", result.budgetPercent},
        {"first_compute_ms", result.firstCompute},
        {"answers_per_s", result.perSecond},
        {"answers_per_s_least", result.leastPerSecond},
        {"load_average", result.load},
        {"passed", result.hasPassed()}};
    return json.dump();
}

} // namespace orrery::bench
