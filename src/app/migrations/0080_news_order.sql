-- Each judgement asks for the windows that have not ended, in this order: nothing is sorted for it.

DROP INDEX news_windows_by_end;
CREATE INDEX news_windows_by_end ON news_windows (account_id, to_at, window_id);
