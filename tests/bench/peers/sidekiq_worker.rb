# Loaded by sidekiq and by sidekiq_client.rb. Jobs do nothing but count; the last of BENCH_COUNT says how it went.
require "sidekiq"
require "json"

Redis.sadd_returns_boolean = false if Redis.respond_to?(:sadd_returns_boolean=)
Sidekiq.configure_client { |config| config.redis = { url: ENV["BENCH_REDIS"], size: 5 } }
Sidekiq.configure_server do |config|
  config.redis = { url: ENV["BENCH_REDIS"], size: 30 }
  config.options[:poll_interval_average] = ENV["BENCH_POLL"].to_f if ENV["BENCH_POLL"]
end

class BenchJob
  include Sidekiq::Worker
  sidekiq_options retry: false
  @lock, @late = Mutex.new, []

  def self.done(late_ms)
    @lock.synchronize do
      @first ||= Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @late << late_ms
      tell if @late.size == ENV["BENCH_COUNT"].to_i
    end
  end

  def self.tell
    took = Process.clock_gettime(Process::CLOCK_MONOTONIC) - @first
    late = @late.sort
    File.write(ENV["BENCH_RESULT"], JSON.generate(per_s: late.size / took, p50_ms: late[late.size / 2], p99_ms: late[late.size * 99 / 100]))
    Thread.new { Process.kill("TERM", Process.pid) }
  end

  def perform(_payload, due_ms)
    self.class.done(Process.clock_gettime(Process::CLOCK_REALTIME, :float_millisecond) - due_ms)
  end
end
