// SPDX-License-Identifier: Apache-2.0
#include "core/rpc/rpc_server.h"
#include "core/rpc/wire.h"
#include "core/rpc/worker_server.h"

#include "core/base/platform.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace orrery {

namespace {

constexpr size_t kMaxQueued = 32;
/// Tokens kept for a client that does not take them; then the generation is given up, so that it stalls
/// nobody else.
constexpr size_t kMaxPendingTokens = 65'536;
constexpr auto kBatchInterval = std::chrono::milliseconds(wire::kBatchMilliseconds);
constexpr auto kPoll = std::chrono::milliseconds(50);

Error endingError()
{
    return {ErrorCode::Unavailable, "Cannot generate: the worker of this model is ending.", "Ask again."};
}

/// One request: made by an rpc thread, worked on by the thread in run().
struct Job {
    std::atomic<bool> cancel{false};
    std::mutex mutex;
    std::condition_variable changed;

    virtual ~Job() = default;
    virtual void work(Generator &generator, const std::function<bool()> &stopRequested) = 0;
    virtual void fail(const Error &error) = 0;
};

struct GenerateJob final : Job {
    GenerateRequest request;
    std::optional<ModelInfo> model;
    bool isModelNew = false; ///< the caller does not know it yet
    std::vector<GeneratedToken> tokens;
    std::optional<Result<GenerateSummary>> result;

    void work(Generator &generator, const std::function<bool()> &stopRequested) override
    {
        {
            const std::lock_guard lock(mutex);
            tellModel(generator.info());
            changed.notify_all();
        }
        bool isTooSlow = false;
        bool isStopping = false;
        bool isFirst = true;
        const auto onToken = [&](const GeneratedToken &token) {
            const std::lock_guard lock(mutex);
            if (std::exchange(isFirst, false)) tellModel(generator.info()); // its memory was opened for this text
            tokens.push_back(token);
            changed.notify_all();
            isTooSlow = tokens.size() > kMaxPendingTokens;
            isStopping = stopRequested && stopRequested();
            return !isTooSlow && !isStopping && !cancel;
        };
        Result<GenerateSummary> outcome = generator.generate(request, onToken, cancel);
        if (isTooSlow)
            outcome = Error{ErrorCode::Unavailable,
                            "Cannot go on generating: " + std::to_string(kMaxPendingTokens) +
                                " tokens wait to be read, expected fewer.",
                            "Read the stream faster or ask for fewer tokens."};
        else if (isStopping || wasInterrupted(outcome, stopRequested))
            outcome = endingError();
        finish(std::move(outcome));
    }
    void fail(const Error &error) override { finish(error); }

private:
    /// Once, and again where its note has changed.
    void tellModel(ModelInfo now)
    {
        if (model && model->note == now.note) return;
        model = std::move(now);
        isModelNew = true;
    }
    /// Before the first token: what the model server's watch cancelled looks like a client's cancel.
    static bool wasInterrupted(const Result<GenerateSummary> &outcome,
                               const std::function<bool()> &stopRequested)
    {
        const bool isCancelled = outcome.ok() ? outcome->reason == FinishReason::Cancelled
                                              : outcome.error().code == ErrorCode::Cancelled;
        return isCancelled && stopRequested && stopRequested();
    }
    void finish(Result<GenerateSummary> outcome)
    {
        const std::lock_guard lock(mutex);
        result = std::move(outcome);
        changed.notify_all();
    }
};

/// One that is answered as a whole.
template <typename Answer> struct AnswerJob final : Job {
    std::function<Result<Answer>(Generator &, const std::atomic<bool> &)> ask;
    std::optional<Result<Answer>> result;
    std::optional<InspectPassAmount> reading; ///< the newest that nobody was told yet

    void work(Generator &generator, const std::function<bool()> &stopRequested) override
    {
        Result<Answer> outcome = ask(generator, cancel);
        if (!outcome.ok() && stopRequested && stopRequested()) outcome = endingError();
        finish(std::move(outcome));
    }
    void fail(const Error &error) override { finish(error); }

private:
    void finish(Result<Answer> outcome)
    {
        const std::lock_guard lock(mutex);
        result = std::move(outcome);
        changed.notify_all();
    }
};

class GeneratorServer final : public ModelServer, public InferenceBackend {
public:
    explicit GeneratorServer(Generator &generator) : m_generator(generator), m_modelNote(generator.info().note) {}
    ~GeneratorServer() override
    {
        close();
        m_server.reset();
    }

    Result<void> listen(const std::string &socketPath)
    {
        RpcServerOptions options;
        options.socketPath = socketPath;
        options.inference = this;
        ORRERY_ASSIGN(m_server, RpcServer::start(options));
        return {};
    }

    Result<void> run(double idleSeconds, const std::function<bool()> &stopRequested) override
    {
        const StopWatch watch(*this, stopRequested);
        double idleSince = monotonicSeconds();
        int64_t numTexts = 0;
        while (!stopRequested || !stopRequested()) {
            const std::shared_ptr<Job> job = nextJob();
            const int64_t numAsked = m_numTexts;
            if (std::exchange(numTexts, numAsked) != numAsked) idleSince = monotonicSeconds();
            if (job) {
                if (!job->cancel) job->work(m_generator, stopRequested);
                setCurrent(nullptr);
                idleSince = monotonicSeconds();
            } else if (monotonicSeconds() - idleSince >= idleSeconds && closeIfEmpty()) {
                return {};
            }
        }
        close();
        return {};
    }

    /// On an rpc thread: queues the job and passes on what comes of it.
    Result<GenerateSummary> generate(const ModelRequest &request, GenerateSink &sink) override
    {
        const auto job = std::make_shared<GenerateJob>();
        job->request = request.request;
        ORRERY_TRY(enqueue(job));

        auto lastSend = std::chrono::steady_clock::now() - kBatchInterval;
        std::unique_lock lock(job->mutex);
        for (;;) {
            job->changed.wait_for(lock, kPoll, [&] {
                return job->result || !job->tokens.empty() || job->isModelNew;
            });
            if (!job->result && !job->tokens.empty())
                job->changed.wait_until(lock, lastSend + kBatchInterval,
                                        [&] { return job->result.has_value(); });
            const bool isDone = job->result.has_value();
            std::vector<GeneratedToken> tokens;
            tokens.swap(job->tokens);
            std::optional<ModelInfo> model;
            if (std::exchange(job->isModelNew, false)) model = job->model;
            lock.unlock();
            bool isGone = sink.isCancelled();
            if (!isGone && model) isGone = !sink.sendModel(*model);
            if (!isGone && !tokens.empty()) {
                isGone = !sink.sendTokens(tokens);
                lastSend = std::chrono::steady_clock::now();
            }
            if (isGone) job->cancel = true;
            lock.lock();
            if (isDone) return *job->result;
            if (isGone) {
                // The generator lets go at its next token; the caller is gone, so nobody waits for that.
                return Error{ErrorCode::Cancelled, "Cannot finish the generation: the client cancelled it.",
                             ""};
            }
        }
    }

    Result<EmbedSummary> embed(const std::string &, const EmbedRequest &request,
                               const StreamSink &caller) override
    {
        const auto job = std::make_shared<AnswerJob<EmbedSummary>>();
        job->ask = [request](Generator &generator, const std::atomic<bool> &cancel) {
            return generator.embed(request, cancel);
        };
        return answerOf(job, caller, "embedding");
    }

    Result<MemoryReport> editMemory(const std::string &, const MemoryEdit &edit,
                                    const StreamSink &caller) override
    {
        const auto job = std::make_shared<AnswerJob<MemoryReport>>();
        job->ask = [this, edit](Generator &generator, const std::atomic<bool> &) -> Result<MemoryReport> {
            ORRERY_ASSIGN(MemoryReport report, generator.editMemory(edit));
            // What it says of a file that it does not begin with is not known here.
            if (edit.file.empty()) report.note = memoryNote(generator.info().note);
            return report;
        };
        return answerOf(job, caller, "editing the memory");
    }

    Result<InspectReport> inspect(const std::string &, const InspectRequest &request,
                                  const StreamSink &caller) override
    {
        const auto job = std::make_shared<AnswerJob<InspectReport>>();
        // The job lives as long as what it asks.
        job->ask = [request, own = job.get()](Generator &generator, const std::atomic<bool> &cancel) {
            const auto tell = [own](const InspectPassAmount &amount) {
                const std::lock_guard lock(own->mutex);
                own->reading = amount; // taken at the next look of who waits: nobody is held up
            };
            return generator.inspectWatched(request, tell, cancel);
        };
        return answerOf(job, caller, "looking inside");
    }

    /// On an rpc thread, and not in the queue: a tokenizer is for all threads, and whoever types waits for no
    /// generation.
    Result<std::vector<TokenPiece>> tokenize(const std::string &, const std::string &text,
                                             const StreamSink &) override
    {
        ++m_numTexts;
        return m_generator.tokenize(text);
    }

private:
    /// What is said of the memory, behind what is said of the model itself.
    [[nodiscard]] std::string memoryNote(const std::string &note) const
    {
        if (m_modelNote.empty() || !note.starts_with(m_modelNote)) return note;
        return note.size() > m_modelNote.size() ? note.substr(m_modelNote.size() + 1) : std::string();
    }
    /// On an rpc thread: queues the job and waits for its answer.
    template <typename Answer>
    Result<Answer> answerOf(const std::shared_ptr<AnswerJob<Answer>> &job, const StreamSink &caller,
                            const std::string &action)
    {
        ORRERY_TRY(enqueue(job));
        std::unique_lock lock(job->mutex);
        while (!job->changed.wait_for(lock, kPoll, [&] { return job->result.has_value(); })) {
            if (const auto reading = std::exchange(job->reading, std::nullopt)) {
                lock.unlock();
                caller.sendReading(*reading);
                lock.lock();
            }
            if (!caller.isCancelled()) continue;
            job->cancel = true;
            return Error{ErrorCode::Cancelled, "Cannot finish " + action + ": the client cancelled it.", ""};
        }
        return std::move(*job->result); // whoever worked on it is done with it
    }
    /// Cancels the job under way when a stop is asked for: reading a long text looks at nothing else.
    class StopWatch {
    public:
        StopWatch(GeneratorServer &server, const std::function<bool()> &stopRequested)
        {
            if (!stopRequested) return;
            m_thread = std::thread([this, &server, &stopRequested] {
                while (!m_isDone) {
                    if (stopRequested()) server.cancelCurrent();
                    std::this_thread::sleep_for(kPoll);
                }
            });
        }
        ~StopWatch()
        {
            m_isDone = true;
            if (m_thread.joinable()) m_thread.join();
        }
        StopWatch(const StopWatch &) = delete;
        StopWatch &operator=(const StopWatch &) = delete;

    private:
        std::atomic<bool> m_isDone{false};
        std::thread m_thread;
    };
    void setCurrent(std::shared_ptr<Job> job)
    {
        const std::lock_guard lock(m_mutex);
        m_current = std::move(job);
    }
    void cancelCurrent()
    {
        const std::lock_guard lock(m_mutex);
        if (m_current) m_current->cancel = true;
    }
    std::shared_ptr<Job> nextJob()
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait_for(lock, kPoll, [&] { return !m_jobs.empty(); });
        if (m_jobs.empty()) return nullptr;
        m_current = m_jobs.front();
        m_jobs.pop_front();
        return m_current;
    }

    Result<void> enqueue(const std::shared_ptr<Job> &job)
    {
        const std::lock_guard lock(m_mutex);
        if (m_isClosed) return endingError();
        if (m_jobs.size() >= kMaxQueued)
            return Error{ErrorCode::Unavailable,
                         "Cannot generate: " + std::to_string(kMaxQueued) +
                             " requests wait for this model already.",
                         "Try again when some of them are done."};
        m_jobs.push_back(job);
        m_changed.notify_one();
        return {};
    }

    bool closeIfEmpty()
    {
        const std::lock_guard lock(m_mutex);
        if (m_jobs.empty()) m_isClosed = true;
        return m_isClosed;
    }

    void close()
    {
        std::deque<std::shared_ptr<Job>> left;
        {
            const std::lock_guard lock(m_mutex);
            m_isClosed = true;
            left.swap(m_jobs);
        }
        for (const auto &job : left) job->fail(endingError());
    }

    Generator &m_generator;
    const std::string m_modelNote; ///< before it began texts with anything
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<std::shared_ptr<Job>> m_jobs;
    std::shared_ptr<Job> m_current; ///< under way
    bool m_isClosed = false;
    std::atomic<int64_t> m_numTexts{0}; ///< whose tokens were asked for
    std::unique_ptr<RpcServer> m_server;
};

} // namespace

Result<std::unique_ptr<ModelServer>> ModelServer::start(const std::string &socketPath, Generator &generator)
{
    auto server = std::make_unique<GeneratorServer>(generator);
    ORRERY_TRY(server->listen(socketPath));
    return std::unique_ptr<ModelServer>(std::move(server));
}

} // namespace orrery
