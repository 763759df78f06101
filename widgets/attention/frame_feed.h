// SPDX-License-Identifier: GPL-3.0-or-later
// Goes through the kept frames of a run: knows which there are, stands at one of them, brings its content,
// follows the newest while the run trains, plays, and holds a second one to compare with. Its steps are those that
// the page can show: all heads are kept at some steps, starred ones at more. Asks nothing while it is not active
// (its panel is hidden). GUI thread only; owned by the panel.
#pragma once

#include "widgets/attention/frame_cache.h"
#include "widgets/attention/frame_list.h"
#include "widgets/attention/frame_steps.h"
#include "widgets/attention/snapshot.h"

#include <QTimer>

#include <map>
#include <memory>
#include <optional>

namespace orrery::ui {

class FrameFeed : public QObject {
    Q_OBJECT
public:
    FrameFeed(EngineSession &session, QObject *parent);
    ~FrameFeed() override;

    void setActive(bool isActive);
    void setRun(const QString &run);
    void setPrompt(int prompt);
    [[nodiscard]] const QString &run() const { return m_run; }
    [[nodiscard]] int prompt() const { return m_prompt; }
    [[nodiscard]] const FrameList &list() const { return m_list; } ///< of all heads
    /// What a page shows; empty: all heads. Steps that only a page of starred heads has come back with it.
    void setHeads(const std::vector<HeadRef> &heads);
    [[nodiscard]] const std::vector<FrameInfo> &steps() const { return m_steps.all(); }
    /// Kept of starred heads alone, and not of those that the page shows.
    [[nodiscard]] const std::vector<int64_t> &leftOut() const { return m_steps.leftOut(); }
    /// The step that a person is at, where the page does not have it: it shows the nearest.
    [[nodiscard]] std::optional<int64_t> missedStep() const;
    /// Of steps(), where we stand or are going to; -1 without frames.
    [[nodiscard]] int index() const { return m_index; }
    void goTo(int index); ///< by a person: following ends unless it is the newest
    /// The nearest one to it; of a list that is still to come, once it is here.
    void goToStep(int64_t step);
    [[nodiscard]] bool isFollowing() const { return m_isFollowing; }
    void follow(); ///< to the newest, and on with each new one
    [[nodiscard]] bool isPlaying() const { return m_playTimer.isActive(); }
    void setPlaying(bool isPlaying); ///< from the start when it stands at the end
    void setFramesPerSecond(int rate);
    [[nodiscard]] int framesPerSecond() const { return m_rate; }

    /// The step that differences are taken from; until one is chosen, the first.
    void setBase(int index);
    void setBaseStep(int64_t step);      ///< as goToStep()
    [[nodiscard]] int baseIndex() const; ///< -1 without frames
    /// Whether the base's content is needed.
    void setWantsBase(bool isWanted);
    /// Whether frames with more cells of starred heads are needed.
    void setWantsDetail(bool isWanted);

    /// All heads, or, at a step of starred heads alone, these.
    [[nodiscard]] SnapshotPtr shown() const { return m_shown; }
    [[nodiscard]] SnapshotPtr base() const { return m_base; }
    /// The same steps as shown() and base() with more cells of some heads; null when there is none.
    [[nodiscard]] SnapshotPtr detail() const { return m_isShownStarred ? m_shown : m_detail; }
    [[nodiscard]] SnapshotPtr baseDetail() const { return m_baseDetail; }
    /// All heads, at the steps of shown() and base() or the nearest to them.
    [[nodiscard]] SnapshotPtr overview() const { return m_isShownStarred ? m_overview : m_shown; }
    [[nodiscard]] SnapshotPtr overviewBase() const { return m_overviewBase; }
    [[nodiscard]] bool isLoading() const
    {
        return m_index >= 0 && (!m_shown || m_shown->frame != wantedId());
    }
    void retry();

Q_SIGNALS:
    void listChanged();
    void placeChanged();       ///< index, following, playing or base
    void shownChanged();       ///< shown(), base() or detail()
    void skipped(qint64 step); ///< it was thinned out meanwhile
    void failed(const orrery::Error &error);

private:
    struct Waiting {
        std::unique_ptr<PendingRequest> handle;
        FrameInfo info;
        bool wasWanted = false;
    };
    [[nodiscard]] int64_t wantedId() const;
    void readList();
    void rebuild();
    void onListChanged();
    void placeAgain();
    void onUpdated(const RunUpdate &update);
    void noteFrames(const RunStatus &status);
    void stand(int index);

    void pump(); // frame_feed_requests.cpp, and what follows
    [[nodiscard]] bool needs(const FrameInfo &info) const;
    void request(FrameInfo info, bool isWanted);
    void requestDetail(const FrameInfo &info);
    void dropFarRequests();
    void take(const FrameInfo &info, Result<AttentionFrame> answer);
    void takeMissing(const FrameInfo &info);
    void show(const FrameInfo &info, const FramePtr &frame);
    void showExtras();
    /// Makes `shown` the frame that is wanted, once it is here. @return whether it is another one now
    bool fill(SnapshotPtr &shown, const FrameInfo *wanted);
    [[nodiscard]] std::vector<FrameInfo> extras() const; ///< wanted beside the step that is shown
    [[nodiscard]] const FrameInfo *baseInfo() const;
    [[nodiscard]] const FrameInfo *baseDetailInfo() const;
    [[nodiscard]] const FrameInfo *overviewInfo() const;     ///< null: what is shown is one
    [[nodiscard]] const FrameInfo *overviewBaseInfo() const;
    [[nodiscard]] const FrameInfo *newestDetailInfo() const; ///< null: which heads it has is known, or no matter
    [[nodiscard]] const FrameInfo *detailInfo() const;
    [[nodiscard]] const FrameInfo *detailOf(int64_t step) const; ///< null: none is kept or wanted
    [[nodiscard]] bool isDetailComing(const FrameInfo &info) const;

    EngineSession &m_session;
    FrameList m_list, m_details;
    FrameSteps m_steps;
    FrameCache m_cache;
    std::map<int64_t, Waiting> m_waiting; ///< by id
    QTimer m_playTimer;
    QString m_run;
    int m_prompt = 0, m_index = -1, m_direction = 1, m_rate = 10;
    int64_t m_standingId = 0, m_newestKnown = 0;
    std::optional<int64_t> m_wantedStep, m_baseStep;         ///< that a person chose; the page may lack them
    int64_t m_failedId = 0;                                  ///< not asked for again until retry()
    std::optional<int64_t> m_waitingStep, m_waitingBaseStep; ///< for a list that is still to come
    SnapshotPtr m_shown, m_base, m_detail, m_baseDetail, m_overview, m_overviewBase;
    bool m_isShownStarred = false; ///< of starred heads alone
    bool m_isActive = false, m_isFollowing = true, m_wantsBase = false, m_wantsDetail = false,
         m_mustRead = false, m_isWatching = false;
};

} // namespace orrery::ui
