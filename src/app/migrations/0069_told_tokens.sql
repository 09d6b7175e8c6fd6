-- What an earlier version wrote of a notification that found nobody named the whole address, and with it the token of a
-- bot of Telegram or the secret part of a webhook.
UPDATE notices SET error = 'there was no answer' WHERE error LIKE 'http%://%';
